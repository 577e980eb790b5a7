"""What is claimed of speed and quality, and the programs that measure it; no part of the bot."""
