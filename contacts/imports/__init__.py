"""Files of contacts on their way in: read, understood, cleaned, merged piece by piece, and taken back."""
