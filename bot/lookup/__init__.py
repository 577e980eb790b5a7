"""Looking a paper up: an id, a link or BibTeX → what arXiv, Crossref and others say of it."""
