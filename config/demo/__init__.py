"""A believable installation: people, segments, templates and scenarios with sixty days of history.

Everything goes through the same activities that real contacts go through, on a virtual clock and in one transaction:
workers that run meanwhile see nothing of it until it is whole.
"""
