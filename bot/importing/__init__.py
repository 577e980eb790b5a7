"""Importing files of papers.

`formats` recognizes and reads a file, `importer` puts its papers into the library, and `upload`
reads files attached in Discord.
"""
