"""Builders, servers and models that tests share."""
