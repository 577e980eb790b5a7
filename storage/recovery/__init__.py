"""Puts another file in the place of a database: a restored backup, or a copy that was repaired."""
