"""Search: the query language, ranking, spelling suggestions, related and random papers.

`engine` exports `Search`, which the layers above use.
"""
