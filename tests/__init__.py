"""The test suite; it mirrors the source tree, and `support` holds what tests share."""
