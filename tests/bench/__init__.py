"""Speed as ratios to a floor measured in the same run; each prints one JSON line."""
