"""Fakes of arXiv's API and of the DOI registries, which know a few papers."""

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
    """Returns the routes: arXiv's API with the known papers, and a registry without any DOI."""
    return [web.get("/arxiv", _search_arxiv), web.get("/doi/{doi:.*}", _answer_unknown_doi)]


async def _search_arxiv(request: web.Request) -> web.Response:
    ids = request.query.get("id_list", "").split(",")
    entries = [_entry(paper) for paper in _papers() if paper["arxiv"] in ids]
    return web.Response(
        text=_FEED.format(entries="".join(entries)), content_type="application/atom+xml"
    )


async def _answer_unknown_doi(_request: web.Request) -> web.Response:
    return web.Response(status=404, text="Resource not found.")


def _papers() -> list[dict[str, Any]]:
    source = files("bot.demo").joinpath("known.toml").read_text(encoding="utf-8")
    papers: list[dict[str, Any]] = tomllib.loads(source)["paper"]
    return papers


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
