"""What changed in a paper while a moderator was editing or merging it, and who changed it."""

from __future__ import annotations

from bot.markdown import escape, timestamp
from bot.ui import audit_log as audit_cards
from bot.ui.differences import difference, differing_fields, field_name
from storage.audit.models import PaperChange
from storage.library import Library
from storage.models import Paper, PaperDraft

_MAX_CHANGES = 25  # of the paper's latest changes, to look up who changed a field


async def changed_meanwhile(library: Library, seen: PaperDraft, paper: Paper, limit: int) -> str:
    """Returns what changed since the moderator saw it: each field, before → now, who, when.

    Lists as many fields as fit into ``limit`` characters, then how many more there are.
    """
    page = await library.audit.page(paper.id, limit=_MAX_CHANGES)
    changes = [
        change
        for change in page.changes
        if isinstance(change, PaperChange) and change.paper_id == paper.id
    ]
    lines: list[str] = []
    names = differing_fields(seen, paper)
    for number, name in enumerate(names):
        label = field_name(name)
        changed = difference(getattr(seen, name), getattr(paper, name))
        text = f"**{label}** {changed}"
        last = next((one for one in changes if name in audit_cards.changed_fields(one)), None)
        if last is not None:
            text += f"\n-# {escape(last.actor.name, 60)} · {timestamp(last.at)}"
        if sum(map(len, lines)) + len(text) > limit - 20:
            lines.append(f"-# and {len(names) - number} more")
            break
        lines.append(text)
    return "\n".join(lines)
