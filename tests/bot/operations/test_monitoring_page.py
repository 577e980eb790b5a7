"""The page about monitoring names every metric that there is."""

from __future__ import annotations

import re

from bot.operations.metrics import Metrics
from tests.support.paths import ROOT


def test_every_metric_is_documented() -> None:
    text = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(lab_herald_\w+)`", text))
    names = set()
    for family in Metrics().registry.collect():
        names.add(f"{family.name}_total" if family.type == "counter" else family.name)
    assert documented == names
