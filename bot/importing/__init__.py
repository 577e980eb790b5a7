"""Importing files of papers.

`formats` detects a file's format and reads it, `importer` adds its papers to the library, and
`upload` reads files that people attach in Discord.
"""
