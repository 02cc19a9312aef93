"""What providers say of messages after the hand-over: proven, read, kept in one insert, and applied in batches."""
