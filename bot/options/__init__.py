"""Slash command options: text that people type, converted to records, with autocomplete."""
