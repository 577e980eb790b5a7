"""How the list changes: the intake that every draft passes, and what moderators do by hand.

`intake` is the one door for drafts; `edit`, `merge` and `decisions` serve moderators.
"""
