"""The papers that a new installation starts with; each has a summary of our own."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

from storage.models import PaperDraft, PartialDate
from storage.papers.identifiers import listed_title


def load_starter() -> tuple[PaperDraft, ...]:
    """Returns the starter papers, newest first, with the same identifiers as on the lab's page."""
    source = files("bot.starter").joinpath("papers.toml").read_text(encoding="utf-8")
    return tuple(_draft(values) for values in tomllib.loads(source)["paper"])


def _draft(values: dict[str, Any]) -> PaperDraft:
    identifiers = [f"{scheme}:{values[scheme]}" for scheme in ("arxiv", "doi") if scheme in values]
    return PaperDraft(
        title=values["title"],
        authors=tuple(values.get("authors", ())),
        authors_complete=values.get("authors_complete", True),
        abstract=values["summary"],
        venue=values["venue"],
        date=PartialDate.parse(values["date"]) if "date" in values else None,
        identifiers=(*identifiers, listed_title(values["title"])),
        note=values.get("note", ""),
        posted_by=values["posted_by"],
    )
