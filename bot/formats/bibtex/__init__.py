"""Reads BibTeX and biblatex files: entries, names and fields."""
