"""The change log: who changed what and when, and what it was before and after.

`log` writes it and `queries` reads it; `models` has a record type for each kind of change, and
`serialization` turns their values into JSON and back. `storage.undo` undoes changes.
"""
