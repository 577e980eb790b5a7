"""The feeds the bot follows, the entries seen in them, and how entries become papers.

`registry` holds feeds, `ingest` turns entries into papers, and `trace` answers "what happened to
this link?".
"""
