"""The cast and the virtual clock."""
