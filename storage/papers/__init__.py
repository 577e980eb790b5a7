"""The papers themselves: identifiers, reads, writes, credits and the full-text index.

`queries` reads papers and `writes` changes them. `combine` merges what several sources say about a
paper, `matching` decides whether two papers may be the same, and `former_names` hides names that
people no longer use.
"""
