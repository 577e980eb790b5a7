"""How the paper list changes: what becomes of drafts, and what moderators do by hand.

`Papers` in `papers` is the façade. `intake` takes drafts in, by the verdict of `classify`, into the
stored list of `catalogue` or the simulated one of `preview`; `edit` and `merge` serve moderators.
"""
