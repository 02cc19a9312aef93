"""Template tags of the pages' frame."""
