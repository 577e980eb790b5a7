"""Where the material that is no part of the repository lies, and what may not be there."""

from __future__ import annotations

from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def publications_page() -> str:
    """The text of a lab's real publications page."""
    page = _SHARED / "seeds" / "lab-publications.txt"
    if not page.is_file():
        pytest.skip("the real publications page (../shared/seeds) is not on this machine")
    return page.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def openapi() -> Path:
    """Discord's own description of its HTTP API."""
    found = _SHARED / "discord" / "openapi.json"
    if not found.is_file():
        pytest.skip("Discord's API description (../shared/discord) is not on this machine")
    return found
