"""What waits for a moderator: entries of reviewed feeds, possible duplicates, and suggestions.

`Review` in `queue` is the façade; `resolutions` records decisions so that they can be undone.
"""
