"""Reads the pages with the running bot's status."""

from __future__ import annotations

import aiohttp
from prometheus_client.parser import text_string_to_metric_families


async def fetch(port: int, page: str, *, host: str | None = None) -> tuple[int, str]:
    """Returns the status and the text of a page, asked for by its address or as another host."""
    headers = {} if host is None else {"Host": host}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/{page}", headers=headers) as response,
    ):
        return response.status, await response.text()


def value_of(text: str, name: str, **labels: str) -> float:
    """Returns the value of a metric with these labels, 0 if there's none."""
    samples = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return sum(samples)
