"""Reading the forms that the bot opens."""

from __future__ import annotations

from typing import Any


def form_values(modal: Any) -> dict[str, str]:
    """Returns what the fields of a form are filled with, by custom id."""
    assert modal is not None
    fields = [row.get("component") or row["components"][0] for row in modal["components"]]
    return {field["custom_id"]: field.get("value") or "" for field in fields}
