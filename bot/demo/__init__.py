"""The bot on a simulated Discord: nothing to set up, nothing outside this machine."""
