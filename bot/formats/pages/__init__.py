"""Publication pages in any shape: a page as a tree of lines, and the papers in it.

`page` reads a whole page. Text, Markdown and HTML become the same tree (`document`); `entries`
finds the entries in it, and `reference` reads each of them.
"""
