"""Other people's formats: what is read into drafts, and what papers are written out as."""
