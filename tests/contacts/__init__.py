"""What is promised of contacts."""
