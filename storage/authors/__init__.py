"""Authors: credited names grouped into people, looked up, and decided about.

`clustering` groups names by rule, `candidates` fetches names to group, `lookup` finds the person
a typed name means, `profiles` reads about their papers, and `decisions` stores what moderators
decided. It exports `Authors`, which the layers above use.
"""
