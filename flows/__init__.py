"""Scenarios: what operators draw, and contacts' way through it."""
