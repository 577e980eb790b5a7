"""What moderators do to the list, step by step; the commands and menus that begin it are cogs."""
