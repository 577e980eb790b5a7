"""The papers themselves: their identifiers, reads, writes, credits and full-text index.

`queries` reads, `writes` changes, `combine` merges what several sources say, and `matching` tells
whether two papers may be the same.
"""
