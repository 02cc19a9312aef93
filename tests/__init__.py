"""What Waypost promises."""
