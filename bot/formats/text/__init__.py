"""Texts as files and services write them: LaTeX, HTML, dates, encodings; pure."""
