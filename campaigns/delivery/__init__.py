"""The way of a message from the queue to a provider: claimed, made ready, routed, handed over, recorded."""
