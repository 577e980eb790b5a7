"""The inventory has every column of the real schema, and every one that names a member."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from storage.library import Library
from storage.privacy.inventory import IMPERSONAL, KEPT, RULES
from tests.support.lab import FakeClock
from tests.support.personal_data import (
    ESCAPED_NAME,
    MEMBER_ID,
    NAME,
    WORDS,
    act_as_member,
    act_as_moderator,
    columns_of,
    columns_with,
)

RULED = [(rule.table, column) for rule in RULES for column in rule.columns]
OTHERS = [(table, column) for table, columns in IMPERSONAL.items() for column in columns]


def test_every_column_of_the_schema_is_in_the_inventory_once(empty_database: Path) -> None:
    counted = Counter([*RULED, *OTHERS])
    assert {column for column, number in counted.items() if number > 1} == set()
    assert columns_of(empty_database) - counted.keys() == set()  # new ones: see `inventory`
    assert counted.keys() - columns_of(empty_database) == set()


async def test_what_names_a_member_is_in_a_rule_and_each_rule_names_one(
    library: Library, clock: FakeClock
) -> None:
    await act_as_member(library, clock)
    await act_as_moderator(library)
    named = columns_with(library.path, str(MEMBER_ID), NAME, ESCAPED_NAME, WORDS)
    kept = {(rule.table, column) for rule in KEPT for column in rule.columns}
    assert named == set(RULED) - kept
