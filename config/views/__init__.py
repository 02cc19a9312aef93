"""Pages of the house itself: signing in, home, settings, errors."""
