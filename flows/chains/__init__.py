"""Chains of mailings: campaigns whose steps follow one another, which the engine runs as a scenario."""
