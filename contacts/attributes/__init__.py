"""What contacts can have besides what everybody has: which attributes are defined, of what type, and their values."""
