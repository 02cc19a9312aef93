"""The kinds of rules over contacts and events, one module each."""
