"""Replays a year of a lab's papers against local servers; `python -m benchmarks.radar`.

`world` has the people and works, invented or from a file; `services` serves them as the real
services would, and `replay` runs the radar day by day with a moderator who knows the truth.
"""
