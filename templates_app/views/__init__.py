"""The template pages."""
