"""How much is too much, and when is not the time: the rules of courtesy, and the messages that they put off."""
