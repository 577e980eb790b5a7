"""Charts as records, as text for terminals and screen readers, and as pictures.

`drawing` is the only module that imports matplotlib, and only worker processes import it.
"""
