"""Tests of the house: settings, supervisor, keys and health."""
