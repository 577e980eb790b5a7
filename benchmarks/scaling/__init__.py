"""What one process can handle, in absolute figures: commands, feeds, channels and servers.

The bot is the one of `lab-herald run`, and talks to a local stand-in for Discord over HTTP and its
gateway.
"""
