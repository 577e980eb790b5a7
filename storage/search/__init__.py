"""Finding papers: the query language, ranking, spelling suggestions and related papers.

`engine` exports `Search`, which the layers above use.
"""
