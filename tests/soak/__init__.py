"""The soak test: a bot that runs for a long time, used by random members, while things fail."""
