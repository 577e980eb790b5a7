"""Programs that measure speed, size and search quality against their goals; not part of the bot."""
