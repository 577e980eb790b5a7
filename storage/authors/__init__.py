"""Who is who: credited names grouped into people, looked up, and decided about.

`clustering` groups names by rule, `decisions` holds what moderators decided, and `lookup` answers
for a name that somebody typed.
"""
