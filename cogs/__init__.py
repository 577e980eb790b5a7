"""One file per command family: read options, ask the library, draw, reply.

They are loaded by name and never import each other. What takes several steps is in `bot.flows`.
"""
