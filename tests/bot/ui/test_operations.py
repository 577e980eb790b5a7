from __future__ import annotations

from bot.operations.findings import Finding, Level, Topic
from bot.ui.operations import describe_findings


def test_an_address_in_a_finding_leads_to_where_it_should() -> None:
    text = "Feed 1 (https://example.org/feed_a.xml) has been failing since 2026-09-15."
    shown = describe_findings([Finding(Level.WARNING, Topic.FEEDS, text)])
    assert r"Feed 1 \(<https://example.org/feed_a.xml>\) has been failing" in shown
