"""Messages as they are written."""
