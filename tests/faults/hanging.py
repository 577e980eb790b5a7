"""Work in a worker process that never ends."""

from __future__ import annotations

import signal


def hang(*_arguments: object, **_options: object) -> None:
    """Says that it hangs, and does so."""
    print("hanging", flush=True)  # noqa: T201 - the test reads it
    while True:
        signal.pause()
