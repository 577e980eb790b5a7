"""The lab's people: who they are in other services, and which papers are certainly theirs.

`registry` keeps them. Services' statements about works are `models.Witness` records, whoever
fetched them. `evidence` grades the claim that a paper is somebody's; for that, `matching` finds the
credits that may be theirs, and `agreement` compares names. Names that papers credit are grouped and
decided about in `storage.authors`.
"""
