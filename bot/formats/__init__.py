"""Reads papers and feed lists from files, and writes them; pure.

`text`, `bibtex`, `records` and `pages` read, and yield the `results` of each entry; `writers`
writes papers in every format.
"""
