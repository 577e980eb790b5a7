"""From an id or a link to a paper's metadata, asked of arXiv, Crossref, DataCite and others.

`service` exports `Lookup`, which the layers above use.
"""
