"""One file per command family: read options, ask the library, draw, reply."""
