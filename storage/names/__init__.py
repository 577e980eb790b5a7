"""Author names: parsing, comparing and suggesting them; pure, without SQL.

`author_list` reads names as sources list them: `list_text` splits their text, `pairs` tells which
commas are inside names, and `affixes` knows titles, degrees, suffixes and groups. `parser` parses a
single name for comparing it, and `initials_index` finds full names by initials. `matching` decides
whether two names can be the same person's, and `similarity` how much they look alike.
"""
