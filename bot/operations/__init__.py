"""For whoever runs the bot: checks of its setup, and the status of the running bot."""
