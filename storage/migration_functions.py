"""SQL functions for what migrations can't do in SQL alone.

A function must keep working for the migrations that use it, so it isn't removed or renamed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from storage.abbreviations import find_abbreviations
from storage.archive_urls import implied_identifier
from storage.names.parser import parse_name
from storage.redaction import opaque_guid, redact_text, site_name
from storage.stems import stem
from storage.urls import canonical_identifier, canonical_url


def _opaque_guids(text: str | None) -> str | None:
    """Hides feeds' URLs in the identifiers of JSON, also in a draft that is JSON in a string."""
    if text is None:
        return None
    values = json.loads(text)
    return _to_text(hidden) if (hidden := _with_opaque_guids(values)) != values else text


def _with_opaque_guids(value: Any) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(value, dict):
        return value
    hidden = {name: _with_opaque_guids(one) for name, one in value.items()}
    if isinstance(value.get("identifiers"), list):
        hidden["identifiers"] = _hide(value["identifiers"])
    if isinstance(value.get("draft"), str):
        hidden["draft"] = _opaque_guids(value["draft"])
    return hidden


def _hide(identifiers: list[str]) -> list[str]:
    """Hides feeds' URLs in identifiers, and keeps these sorted as papers have them."""
    guids = iter(sorted(opaque_guid(one) for one in identifiers if one.startswith("guid:")))
    return [next(guids) if one.startswith("guid:") else one for one in identifiers]


def _feed_title(title: str) -> str:
    """Returns a feed's title, which was its URL if it had none."""
    return site_name(title) if title.startswith(("https://", "http://")) else redact_text(title)


def _feed_settings(text: str) -> str:
    """Hides secrets in what was recorded of a feed's settings as in its row; the URL is kept."""
    settings = json.loads(text)
    changed = dict(settings)
    if "title" in settings:
        changed["title"] = _feed_title(settings["title"])
    if "paused_because" in settings:
        changed["paused_because"] = redact_text(settings["paused_because"])
    return _to_text(changed) if changed != settings else text


def _canonical_draft(text: str) -> str:
    """Returns the JSON of a draft with its identifiers as they are found now."""
    draft = json.loads(text)
    known = draft.get("identifiers", [])
    identifiers = list(dict.fromkeys(map(canonical_identifier, known)))
    if identifiers == known:
        return text
    return _to_text(draft | {"identifiers": identifiers})


def _abbreviations(text: str) -> str:
    """Returns the abbreviations that a text explains."""
    return json.dumps([asdict(one) for one in find_abbreviations(text)])


def _to_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    "canonical_url": canonical_url,
    "canonical_identifier": canonical_identifier,
    "implied_identifier": implied_identifier,
    "canonical_draft": _canonical_draft,
    "name_family_key": lambda name: parse_name(name).family_key,
    "name_initial": lambda name: parse_name(name).initial,
    "name_is_full": lambda name: int(parse_name(name).is_full),
    "name_letters": lambda name: parse_name(name).letters,
    "opaque_guid": opaque_guid,
    "opaque_guids": _opaque_guids,
    "redact_text": redact_text,
    "feed_title": _feed_title,
    "feed_settings": _feed_settings,
    "stem": stem,
    "abbreviations": _abbreviations,
}
