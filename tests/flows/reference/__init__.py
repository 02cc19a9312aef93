"""What scenarios mean, spelt out for one contact at a time: the yardstick for the engine."""
