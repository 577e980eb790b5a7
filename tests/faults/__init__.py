"""Crashes and failures: the real bot is killed, or its Discord and its machine fail."""
