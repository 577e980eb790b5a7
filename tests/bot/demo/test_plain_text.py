from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.demo.plain_text import plain_text

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
UNIX = int(NOW.timestamp())
NAMES = {7: "#papers", 8: "@Mika"}


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("### **Bold** and *slanted*", "Bold and slanted"),
        ("-# __small__ ~~print~~", "small print"),
        ("> quoted\n> again", "quoted\nagain"),
        ("snake_case and _slanted_", "snake_case and slanted"),
        (r"5 \* 3 \_ \[x\] 1\.", "5 * 3 _ [x] 1."),
        ("`**code**` and ``a`b``", "**code** and a`b"),
        ("```json\n{}\n```", "{}\n"),
        ("</curate add:99>, not </x>", "/curate add, not </x>"),
        ("<#7> <@8> <@!8> <@&5> <#5>", "#papers @Mika @Mika @unknown #unknown"),
        (r"[**A \[b\] c**](https://a.org/x_y)", "A [b] c (https://a.org/x_y)"),
        ("[a](<https://a.org>)", "a (https://a.org)"),
        ("||spoiler|| <:star:12>", "spoiler :star:"),
        (f"<t:{UNIX}> <t:{UNIX}:D> <t:{UNIX}:t>", "2026-05-04 12:00 2026-05-04 12:00"),
        (f"<t:{UNIX - 7200}:R>, <t:{UNIX + 60}:R>", "2 hours ago, in 1 minute"),
        (f"<t:{UNIX}:R>", "0 seconds ago"),
        ("[Add] [Cancel]", "[Add] [Cancel]"),
    ],
)
def test_markup_becomes_the_text_that_people_see(markup: str, shown: str) -> None:
    assert plain_text(markup, NAMES, NOW) == shown
