"""Reads papers and feed lists from files, and writes them; pure.

Readers yield the `results` of each entry. `export` writes papers in every format.
"""
