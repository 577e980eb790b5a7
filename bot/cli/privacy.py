"""`lab-herald privacy`: what is stored about a member, for those who can't use `/privacy`.

In Discord, members only see their own data, and moderators nobody else's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TextIO, TypeVar

import click

from bot.cli import common
from bot.settings import Settings
from bot.ui import privacy as privacy_text
from storage.errors import InvalidInput, LabError
from storage.library import Library
from storage.people.values import parse_discord_id
from storage.privacy.personal_data import Overview

_T = TypeVar("_T")


def _parse_user(_context: click.Context, _parameter: click.Parameter, text: str) -> int:
    number = parse_discord_id(text)
    if number is None:
        raise InvalidInput("Enter the ID of a Discord user.")
    return number


_user_argument = click.argument("user_id", callback=_parse_user)


@click.group(cls=common.Group)
def privacy() -> None:
    """See, export and delete what is stored about a member, by their Discord ID.

    Members do this themselves with /privacy. This is for people who have left the server.
    """


@privacy.command()
@_user_argument
@common.json_option
@click.pass_obj
def show(settings: Settings, user_id: int, *, as_json: bool) -> None:
    """Show how much is stored about a member."""
    overview = _run(settings, lambda library: library.privacy.overview(user_id))
    if as_json:
        click.echo(common.to_json(privacy_text.overview_json(user_id, overview)))
    elif overview.is_empty:
        click.echo(_nothing(user_id))
    else:
        click.echo("\n".join(_lines(user_id, overview)))


@privacy.command()
@_user_argument
@common.output_option
@click.pass_obj
def export(settings: Settings, user_id: int, output: TextIO) -> None:
    """Export everything that is stored about a member as JSON; exit with 1 if that's nothing."""
    data = _run(settings, lambda library: library.privacy.load(user_id))
    output.write(f"{common.to_json(privacy_text.data_json(data, settings.clock()))}\n")
    if data.is_empty:
        raise LabError(_nothing(user_id))


@privacy.command()
@_user_argument
@click.option("--yes", is_flag=True, help="Delete without asking first.")
@common.json_option
@click.pass_obj
def delete(settings: Settings, user_id: int, *, yes: bool, as_json: bool) -> None:
    """Delete what is stored about a member, even while the bot is running.

    What the list's history needs stays, without ID and name. This can't be undone. Restoring an
    older backup deletes it again.
    """
    if as_json and not yes:
        raise click.UsageError("Pass --yes with --json: the output has no room for a question.")

    async def run(library: Library) -> Overview | None:
        overview = await library.privacy.overview(user_id)
        if overview.is_empty:
            raise LabError(_nothing(user_id))
        if not yes:
            click.echo("\n".join(_lines(user_id, overview)), err=True)
            if not click.confirm("Permanently delete it?", err=True):
                return None
        return await library.privacy.delete(user_id)

    deleted = _run(settings, run)
    if deleted is None:
        click.echo("Nothing was deleted.")
    elif as_json:
        click.echo(common.to_json(privacy_text.overview_json(user_id, deleted)))
    else:
        note = privacy_text.backups_note(settings.backup_keep)
        click.echo(f"Deleted what was stored about {user_id}. {note}")


def _run(settings: Settings, function: Callable[[Library], Awaitable[_T]]) -> _T:
    """Awaits a function with the library, which must exist: a new one would know nobody."""
    if not settings.database_path.exists():
        raise LabError(
            f"There's no database {settings.database_path}. Run this in the folder of your .env."
        )
    return common.run_with_library(settings, function)


def _lines(user_id: int, overview: Overview) -> list[str]:
    lines = [f"What is stored about {user_id}:"]
    if overview.person is not None:
        lines.append(f"- linked to {overview.person}, one of the lab's people")
    return [
        *lines,
        *(f"- {number} {what}" for number, what in privacy_text.overview_lines(overview)),
    ]


def _nothing(user_id: int) -> str:
    return f"Nothing is stored about {user_id}."
