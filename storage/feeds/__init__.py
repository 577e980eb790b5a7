"""The feeds that the bot follows, the entries seen in them, and how entries become papers.

`Feeds` follows feeds and ingests their entries; `Traces` answers "what happened to this link?".
"""
