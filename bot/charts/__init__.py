"""Charts: what they say as records, text for terminals and screen readers, and pictures.

`drawing` is the only module that imports matplotlib, and only worker processes import it.
"""
