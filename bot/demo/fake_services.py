"""The demo's stand-ins for arXiv and the registries of DOIs: they know a few papers."""

from __future__ import annotations

import tomllib
from html import escape
from importlib.resources import files
from typing import Any

from aiohttp import web

_FEED = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>arXiv Query</title>{entries}</feed>
"""
_ENTRY = """<entry><id>http://arxiv.org/abs/{arxiv}v1</id><title>{title}</title>
<link href="https://arxiv.org/abs/{arxiv}v1" rel="alternate" type="text/html"/>
<published>{date}T00:00:00Z</published>{authors}<summary>{summary}</summary></entry>
"""


def routes() -> list[web.RouteDef]:
    """The addresses of the stand-ins: arXiv's API, and registries of DOIs that know none."""
    return [web.get("/arxiv", _answer), web.get("/doi/{doi:.*}", _know_nothing)]


async def _answer(request: web.Request) -> web.Response:
    asked = request.query.get("id_list", "").split(",")
    entries = [_entry(paper) for paper in _papers() if paper["arxiv"] in asked]
    return web.Response(
        text=_FEED.format(entries="".join(entries)), content_type="application/atom+xml"
    )


async def _know_nothing(_request: web.Request) -> web.Response:
    return web.Response(status=404, text="Resource not found.")


def _papers() -> list[dict[str, Any]]:
    source = files("bot.demo").joinpath("known.toml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(source)["paper"]
    return found


def _entry(paper: dict[str, Any]) -> str:
    return _ENTRY.format(
        arxiv=paper["arxiv"],
        title=escape(paper["title"]),
        date=paper["date"],
        authors="".join(
            f"<author><name>{escape(name)}</name></author>" for name in paper["authors"]
        ),
        summary=escape(paper["summary"]),
    )
