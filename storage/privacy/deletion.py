"""SQL that deletes what is stored about a member, by the inventory; the history of the list stays.

What the history needs says “a former member” from then on, also in the states that undoing restores
and compares. So everything can still be undone that doesn't bring back what was deleted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from storage import timestamps
from storage.connection import Connection, Row
from storage.models import FORMER_MEMBER, NO_MEMBER
from storage.privacy import personal_data
from storage.privacy.inventory import ADDRESSES, SIGNATURES, SUBMISSIONS
from storage.privacy.personal_data import NAMES_MEMBERS, actor_key, by_member

_ACCOUNTS = ("discord", "discord_id")  # the values of a recorded state that are a member's ID
_STATES = ("before", "after", "resolution")
_AFTER_TIME = r"(?<=\d\d:\d\d )"  # in what a restore lost: “2026-01-31 12:00 Ann: …”


async def delete(db: Connection, member_id: int, now: datetime, name: str = "") -> None:
    """Deletes what is stored about a member, in the caller's transaction.

    ``name`` is their present name at Discord, if it's known.
    """
    key = actor_key(member_id)
    names = {*await personal_data.names(db, member_id), name} - {""}
    await _redraw_cards(db, member_id, key)
    await _rename_claims(db, member_id)
    await _rename_pauses(db, key)
    await _rename_losses(db, names)
    await _withdraw_claims(db, member_id, now)
    for signature in SIGNATURES:
        by, by_name = signature.columns
        await db.run(
            f"""UPDATE {signature.table} SET {by} = ?, {by_name} = ?
                WHERE {by_member(signature)}""",  # noqa: S608 - constants
            [*_former(), key],
        )
    for one in SUBMISSIONS:
        words = "".join(f", {column} = ''" for column in one.words)
        await db.run(
            f"""UPDATE {one.table} SET member_id = ?, member_name = ?{words}
                WHERE member_id = ?""",  # noqa: S608 - constants
            [NO_MEMBER, FORMER_MEMBER.name, member_id],
        )
    await db.run("UPDATE people SET discord_id = NULL WHERE discord_id = ?", [member_id])
    await _clear_states(db, member_id, key)
    for address in ADDRESSES:
        (column,) = address.columns
        await db.run(f"DELETE FROM {address.table} WHERE {column} = ?", [member_id])  # noqa: S608


def _former() -> tuple[str, str]:
    return FORMER_MEMBER.key, FORMER_MEMBER.name


async def _redraw_cards(db: Connection, member_id: int, key: str) -> None:
    """Has the moderators' cards updated that show the member's name."""
    await db.run(
        """UPDATE posts SET revision = revision + 1 WHERE kind <> 'outcome' AND (
               suggestion_id IN (SELECT id FROM suggestions WHERE member_id = ?1 OR decided_by = ?2)
               OR report_id IN (SELECT id FROM reports WHERE member_id = ?1 OR decided_by = ?2)
               OR claim_id IN (
                   SELECT id FROM account_claims WHERE member_id = ?1 OR decided_by = ?2)
               OR found_paper_id IN (SELECT id FROM found_papers WHERE decided_by = ?2)
               OR entry_id IN (SELECT id FROM entries WHERE decided_by = ?2)
               -- Those of possible duplicates say who added the paper in the list.
               OR suggestion_id IN (
                   SELECT suggestions.id FROM suggestions JOIN papers ON papers.id = paper_id
                   WHERE decided_at IS NULL AND created_by = ?2)
               OR entry_id IN (
                   SELECT entries.id FROM entries JOIN papers ON papers.id = paper_id
                   WHERE draft IS NOT NULL AND created_by = ?2))""",
        [member_id, key],
    )


async def _withdraw_claims(db: Connection, member_id: int, now: datetime) -> None:
    """Ends the claims of a member to be one of the lab's people that wait for moderators."""
    await db.run(
        """UPDATE account_claims SET outcome = 'declined', decided_by = ?, decided_by_name = ?,
           decided_at = ? WHERE member_id = ? AND decided_at IS NULL""",
        [*_former(), timestamps.to_text(now), member_id],
    )


async def _rename_claims(db: Connection, member_id: int) -> None:
    """Takes a member's name out of what the log says of their claims: “Ann is **Ann Lee**”."""
    claims = await db.all(
        "SELECT id, member_name FROM account_claims WHERE member_id = ?", [member_id]
    )
    for claim in claims:
        rows = await db.all(
            """WITH RECURSIVE about (id) AS (
                   SELECT id FROM changes WHERE resolution IS NOT NULL
                   AND json_extract(resolution, '$.kind') = 'account_claims'
                   AND json_extract(resolution, '$.id') = ?
                   UNION SELECT changes.id FROM changes JOIN about ON changes.undoes = about.id)
               SELECT changes.id, before, after FROM changes JOIN about USING (id)""",
            [claim["id"]],
        )
        start = f"{claim['member_name']} is "
        for row in rows:
            states = [_retitled(row[name], start) for name in ("before", "after")]
            await db.run(
                "UPDATE changes SET before = ?, after = ? WHERE id = ?", [*states, row["id"]]
            )


def _retitled(text: str, start: str) -> str:
    """Returns a recorded state in which another name is at the start of the title, if any."""
    state = json.loads(text)
    if str(state.get("title", "")).startswith(start):
        state["title"] = f"{FORMER_MEMBER.name} is {state['title'][len(start) :]}"
    return _to_text(state)


async def _rename_pauses(db: Connection, key: str) -> None:
    """Takes a moderator's names out of why feeds are or were paused: “by Ann: too many papers”."""
    rows = await db.all(
        """SELECT DISTINCT json_extract(after, '$.paused_because') AS reason, actor_name
           FROM changes WHERE kind = 'feed' AND actor = ?""",
        [key],
    )
    for row in rows:
        reason, start = str(row["reason"] or ""), f"by {row['actor_name']}"
        if not reason.startswith(start):
            continue
        renamed = f"by {FORMER_MEMBER.name}{reason[len(start) :]}"
        await db.run(
            "UPDATE feeds SET paused_because = ? WHERE paused_because = ?", [renamed, reason]
        )
        for state in ("before", "after"):
            await db.run(
                f"""UPDATE changes SET {state} = json_set({state}, '$.paused_because', ?1)
                    WHERE kind = 'feed'
                    AND json_extract({state}, '$.paused_because') = ?2""",  # noqa: S608 - constants
                [renamed, reason],
            )


async def _rename_losses(db: Connection, names: Iterable[str]) -> None:
    """Takes a member's names out of what moderators are or were told that a restore lost."""
    # In a notice, characters may be escaped.
    spelled = ["".join(rf"\\?{re.escape(char)}" for char in name) for name in names]
    if not spelled:
        return
    written = re.compile(f"{_AFTER_TIME}(?:{'|'.join(spelled)})(?=: )")
    for row in await db.all("SELECT name, value FROM bot_state WHERE name = 'restored'"):
        report = json.loads(row["value"])
        for loss in report["losses"]:
            loss["examples"] = [
                written.sub(FORMER_MEMBER.name, example) for example in loss["examples"]
            ]
        await db.run("UPDATE bot_state SET value = ? WHERE name = ?", [json.dumps(report), row[0]])
    for row in await db.all("SELECT id, notice FROM posts WHERE kind = 'notice'"):
        notice = written.sub(FORMER_MEMBER.name, row["notice"])
        if notice != row["notice"]:
            await db.run(
                "UPDATE posts SET notice = ?, revision = revision + 1 WHERE id = ?",
                [notice, row["id"]],
            )


async def _clear_states(db: Connection, member_id: int, key: str) -> None:
    """Takes a member's ID, and the names next to it, out of the states that changes recorded."""
    rows = await db.all(
        f"""SELECT id, before, after, resolution FROM changes WHERE {NAMES_MEMBERS}
            AND (instr(before, ?1) OR instr(after, ?1) OR instr(resolution, ?1))""",  # noqa: S608
        [str(member_id)],
    )
    await db.run_many(
        "UPDATE changes SET before = ?, after = ?, resolution = ? WHERE id = ?",
        [(*_cleared_states(row, member_id, key), row["id"]) for row in rows],
    )


def _cleared_states(row: Row, member_id: int, key: str) -> list[str | None]:
    texts = (row[name] for name in _STATES)
    return [text and _to_text(_cleared(json.loads(text), member_id, key)) for text in texts]


def _cleared(value: Any, member_id: int, key: str) -> Any:  # noqa: ANN401 - any JSON
    """Returns a recorded value without a member's ID and name."""
    if isinstance(value, list):
        return [_cleared(one, member_id, key) for one in value]
    if not isinstance(value, dict):
        return value
    result: dict[str, Any] = {}
    for name, one in value.items():
        if one == key:
            result[name] = FORMER_MEMBER.key
        elif name in _ACCOUNTS and str(one) == str(member_id):
            result[name] = None
        elif value.get(name.removesuffix("_name")) == key and name.endswith("_name"):
            result[name] = FORMER_MEMBER.name
        else:
            result[name] = _cleared(one, member_id, key)
    return result


def _to_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
