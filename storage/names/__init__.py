"""Author names: parsing, comparing and suggesting them; pure, without SQL.

`parser` parses a single name and `author_list` a list of them. `matching` decides whether two names
can be the same person's, and `similarity` how much they look alike.
"""
