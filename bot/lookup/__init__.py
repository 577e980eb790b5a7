"""Looks up a paper's metadata by an id or link, at arXiv, Crossref, DataCite or the page itself.

`service` exports `Lookup`, which the layers above use.
"""
