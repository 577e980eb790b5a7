"""Writes papers: citations in all styles, and the files of exports."""
