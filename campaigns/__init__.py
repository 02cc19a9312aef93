"""What is sent, through whom, and what became of it."""
