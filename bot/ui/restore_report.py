"""What a restore lost, as text: for moderators and for the shell."""

from __future__ import annotations

from bot.markdown import count, escape, timestamp
from storage.restore_report import Loss, RestoreReport

_MAX_EXAMPLES = 5  # of each kind of loss


def restore_notice(report: RestoreReport) -> str:
    """Returns what moderators are told about a restore."""
    made_at = timestamp(report.copied_at, "f")
    lines = [f"🗄️ **The paper list was restored from a backup** made on {made_at}."]
    if not report.losses and not report.unknown:
        lines.append("Nothing was lost: it has everything that the former list had.")
    if report.losses:
        lines.append("Everything since then is lost:")
    for loss in report.losses:
        lines.append(f"**{loss_text(loss).capitalize()}**")
        lines += [f"- {escape(example, 150)}" for example in loss.examples[:_MAX_EXAMPLES]]
        if (more := loss.count - min(len(loss.examples), _MAX_EXAMPLES)) > 0:
            lines.append(f"- and {more:,} more")
    if report.unknown:
        lines.append(escape(unknown_text(report), 400))
    return "\n".join(lines)


def loss_text(loss: Loss) -> str:
    """Returns how much of what was lost: “3 changes”."""
    text = count(loss.count, loss.kind)
    if loss.kind == "feed paper":
        text += f", which {'comes' if loss.count == 1 else 'come'} back if still in the feed"
    return text


def unknown_text(report: RestoreReport) -> str:
    """Says that not everything that was lost is known, and why."""
    return f"It isn't known what {'else ' if report.losses else ''}was lost. {report.unknown}"
