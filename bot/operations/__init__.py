"""What whoever runs the bot wants to know: whether the set-up is right, and how the bot is."""
