"""The restore wizard as values: every key gives a new one. No screen, no engine."""
