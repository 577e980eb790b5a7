"""Two moderators at one paper: what the second is told that changed meanwhile, and by whom."""

from __future__ import annotations

from bot.markdown import escape, moment
from bot.ui import audit_log as audit_cards
from storage.library import Library
from storage.models import Paper, PaperDraft
from storage.papers.snapshots import snapshot

_LOOKED_AT = 25  # of the paper's last changes


async def meanwhile(library: Library, seen: PaperDraft, paper: Paper, limit: int) -> str:
    """What of a paper is no longer as it was seen: each field before → now, by whom and when.

    As many fields as fit into ``limit`` characters, and how many more there are.
    """
    log = await library.audit.page(paper.id, limit=_LOOKED_AT)
    latest = [change for change in log.changes if change.paper_id == paper.id]
    before, now = snapshot(seen), snapshot(paper)
    lines: list[str] = []
    names = audit_cards.differing(before, now)
    for number, name in enumerate(names):
        text = (
            f"**{audit_cards.field_name(name)}** {audit_cards.difference(before[name], now[name])}"
        )
        by = next((change for change in latest if name in audit_cards.changed(change)), None)
        if by is not None:
            text += f"\n-# {escape(by.actor.name, 60)} · {moment(by.at)}"
        if sum(map(len, lines)) + len(text) > limit - 20:
            lines.append(f"-# and {len(names) - number} more")
            break
        lines.append(text)
    return "\n".join(lines)
