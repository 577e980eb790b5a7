"""Reads the records of other programs and services: CSV, RIS, EndNote, JSON answers."""
