"""Slash command options: text that people type, converted to records, with autocomplete.

`catalogue` has the options about papers, authors, venues and tags; `feeds` those about feeds,
channels and time zones.
"""
