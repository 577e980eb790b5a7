"""`lab-herald backup` and `restore`: copying the database, and going back to a copy."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path

import click

from bot.cli import common
from bot.markdown import count
from bot.settings import Settings
from bot.ui.restore_report import loss_text, unknown_text
from storage.backups.database_copy import human_size
from storage.backups.files import BackupKind, Backups
from storage.damage import describe_search_damage
from storage.database_lock import lock_database
from storage.recovery.restore import Restore, open_restore
from storage.timestamps import to_iso

_MAX_SHOWN = 10  # examples of each kind of loss


@click.command()
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    help="The new file, or a folder for it, instead of BACKUP_DIR.",
)
@common.json_option
@click.pass_obj
def backup(settings: Settings, target: Path | None, *, as_json: bool) -> None:
    """Back up the database into a new file, even while the bot is running.

    The copy is complete and checked once the command ends. It is never deleted automatically,
    unlike the bot's nightly backups.
    """
    backups = Backups.of(settings.database_path, settings.backup_dir)
    made = backups.make(BackupKind.MANUAL, settings.clock(), target)
    size = made.path.stat().st_size
    if as_json:
        described = {"file": str(made.path), "made_at": to_iso(made.made_at)}
        click.echo(common.to_json({**described, "papers": made.papers, "bytes": size}))
    else:
        click.echo(f"Backed up {count(made.papers, 'paper')} to {made.path} ({human_size(size)}).")
    if made.search_damage:
        click.echo(f"Warning: {describe_search_damage(made.search_damage)}", err=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Restore without asking first.")
@common.json_option
@click.pass_obj
def restore(settings: Settings, file: Path, *, yes: bool, as_json: bool) -> None:
    """Replace the database with a backup, while the bot isn't running.

    The backup is checked first, and you see what it has and what is lost. The former database is
    kept under another name.
    """
    if as_json and not yes:
        raise click.UsageError("Pass --yes with --json: the output has no room for a question.")
    with lock_database(settings.database_path):
        asyncio.run(_restore(settings, file, ask=not yes, as_json=as_json))


async def _restore(settings: Settings, file: Path, *, ask: bool, as_json: bool) -> None:
    async with open_restore(
        file, settings.database_path, settings.clock, settings.backup_dir
    ) as prepared:
        if not as_json:
            click.echo("\n".join(_describe(prepared, file)))
        if ask and not click.confirm("Restore it?", err=True):
            click.echo("Nothing was changed.")
            return
        kept = prepared.finish(settings.clock())
    if as_json:
        report = prepared.report
        click.echo(
            common.to_json(
                {
                    "restored": str(file),
                    "made_at": to_iso(report.copied_at),
                    "papers": prepared.papers,
                    "former_database": str(kept) if kept else None,
                    "lost": [asdict(loss) for loss in report.losses],
                    "deleted_again": prepared.deletions,
                    "unknown": report.unknown,
                }
            )
        )
        return
    click.echo(f"Restored {count(prepared.papers, 'paper')} to {prepared.database}.")
    if kept:
        click.echo(f"The former database is kept as {kept}.")


def _describe(prepared: Restore, file: Path) -> list[str]:
    """Says what a backup has and what restoring it loses, in lines."""
    report = prepared.report
    papers = count(prepared.papers, "paper")
    lines = [f"{file} is a backup from {report.copied_at:%Y-%m-%d %H:%M} UTC with {papers}."]
    if report.losses:
        lines.append("The database has these, which the backup doesn't have:")
    elif not report.unknown:
        lines.append("It has everything that's in the database.")
    for loss in report.losses:
        lines.append(f"- {loss_text(loss)}")
        lines += [f"  {example}" for example in loss.examples[:_MAX_SHOWN]]
        if loss.count > _MAX_SHOWN:
            lines.append(f"  and {loss.count - _MAX_SHOWN:,} more")
    if report.unknown:
        lines.append(unknown_text(report))
    if prepared.deletions:
        members = count(prepared.deletions, "member")
        lines.append(f"What {members} deleted about themselves since then is deleted again.")
    return lines
