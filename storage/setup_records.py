"""What `/setup` said, as frozen records; no logic."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from storage.records import Actor


class Matter(enum.StrEnum):
    """What is set up in a home server."""

    ROLES = "roles"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Word:
    """One word of `/setup`: Discord's ids of the moderators' roles, or of their channel if any."""

    guild_id: int
    matter: Matter
    ids: tuple[int, ...]
    by: Actor
    at: datetime
