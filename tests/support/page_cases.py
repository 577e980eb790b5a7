"""Comparing what was read from a page with what stands in it; as in ``page_score.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def page_cases(folder: Path) -> list[str]:
    """Returns the names of the pages in a folder that have a ``.json`` beside them."""
    return sorted(
        file.name
        for file in folder.glob("*.*")
        if file.suffix != ".json" and file.with_suffix(".json").exists()
    )


def fits(want: Any, got: Any) -> bool:
    """Returns whether a value is as wanted; a list may hold alternatives of a text, as ``any``."""
    if isinstance(want, dict) and "any" in want:
        return any(fits(one, got) for one in want["any"])
    if isinstance(want, dict):
        return isinstance(got, dict) and all(fits(want[key], got.get(key)) for key in want)
    if isinstance(want, list) and isinstance(got, list):
        return len(want) == len(got) and all(map(fits, want, got))
    return got in want if isinstance(want, list) else bool(want == got)
