"""The page about monitoring names only metrics that there are."""

from __future__ import annotations

import re

from bot.operations.metrics import Metrics
from tests.support.paths import ROOT


def test_metrics_in_the_documents_exist() -> None:
    text = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\blab_herald_[a-z_]+", text))
    metrics = list(Metrics().registry.collect())
    names = {family.name for family in metrics}
    names |= {f"{family.name}_total" for family in metrics if family.type == "counter"}
    names |= {f"{family.name}_bucket" for family in metrics if family.type == "histogram"}
    assert len(named) > 5
    assert named <= names
