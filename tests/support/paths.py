"""Paths of the repository and of the shared material next to it, which may be missing."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"


def shared_path(path: str) -> Path:
    """Returns a path in ``../shared``; skips the test if this machine doesn't have it."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"../shared/{path} is not on this machine")
    return found
