"""The change log: who changed what, when, and how it was before and after.

`log` writes it, `queries` reads it, and `models` holds its records; undoing is in `storage.undo`.
"""
