"""Copies of a database: how they're made while it is in use, checked, listed and deleted."""
