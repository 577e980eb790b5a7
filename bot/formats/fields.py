"""Parses single fields as people and programs write them: titles, ids, links; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.formats.text import plain_text
from storage.errors import InvalidInput
from storage.models import Link, LinkKind
from storage.papers.identifiers import identify, is_identifier_page, is_pdf_url
from storage.redaction import redact_text, redact_url
from storage.urls import canonical_url

_MAX_TITLE = 1000
_ARXIV_ID = re.compile(r"(?:arxiv:)?\s*([a-z.-]+/\d{7}|\d{4}\.\d{4,5})(?:v\d+)?", re.IGNORECASE)
_NOT_XML = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse_title(text: str) -> str:
    """Returns a title on one line; raises `InvalidInput` if it is missing or too long."""
    title = plain_text.line(text)
    if not title:
        raise InvalidInput("It has no title.")
    if len(title) > _MAX_TITLE:
        raise InvalidInput(f"“{title[:60]}…” is too long for a title.")
    return title


def join_title(title: str, subtitle: str) -> str:
    """Returns a title with its subtitle, unless it has it already."""
    if not (title and subtitle) or subtitle.lower() in title.lower():
        return title or subtitle
    return f"{title} {subtitle}" if title[-1] in ":?!.–—" else f"{title}: {subtitle}"


def parse_identifiers(
    *, arxiv: str = "", doi: str = "", urls: Iterable[str] = ()
) -> tuple[str, ...]:
    """Returns the canonical identifiers in these fields, arXiv ids and DOIs before URLs."""
    found: list[str] = []
    if number := _ARXIV_ID.fullmatch(arxiv.strip()):
        found += identify(f"arXiv:{number[1]}")
    elif arxiv:
        found += identify(arxiv)
    found += identify(doi) if doi else ()
    for url in urls:
        found += identify(url)
    strong = [name for name in found if not name.startswith("url:")]
    return tuple(dict.fromkeys([*strong, *(name for name in found if name.startswith("url:"))]))


def parse_external_ids(ids: object) -> tuple[str, ...]:
    """Returns the canonical identifiers in an object of ids by service, as Semantic Scholar gives.

    Its names are ArXiv, DOI, ACL, PubMed and PubMedCentral; OpenAlex calls these ids doi and pmid.
    """
    if not isinstance(ids, dict):
        return ()
    texts = {
        str(name).lower(): str(value) for name, value in ids.items() if isinstance(value, str | int)
    }
    pmc = texts.get("pubmedcentral", texts.get("pmcid", "")).upper().removeprefix("PMC")
    pmid = texts.get("pubmed", texts.get("pmid", ""))
    return parse_identifiers(
        arxiv=texts.get("arxiv", ""),
        doi=texts.get("doi", ""),
        urls=[
            f"acl:{texts.get('acl', '')}",
            pmid if "/" in pmid else f"pmid:{pmid}",
            pmc if "/" in pmc else f"PMC{pmc}",
        ],
    )


def parse_links(urls: Iterable[tuple[LinkKind, str]]) -> tuple[Link, ...]:
    """Returns links, leaving out identifier pages; raises `InvalidInput` for an invalid URL."""
    links: list[Link] = []
    for kind, url in urls:
        if not canonical_url(url):
            shown = redact_url(url)[:80]
            raise InvalidInput(f"“{shown}” isn't a URL that starts with http:// or https://.")
        if not is_identifier_page(url):
            is_pdf = kind is LinkKind.PAGE and is_pdf_url(url)
            links.append(Link(LinkKind.PDF if is_pdf else kind, url))
    return tuple(dict.fromkeys(links))


def join_list(values: Iterable[str]) -> str:
    r"""Joins values with ``; `` for one cell; semicolons and line breaks are escaped by ``\``."""
    return "; ".join(
        value.replace("\\", "\\\\").replace(";", "\\;").replace("\n", "\\n").replace("\r", "\\r")
        for value in values
    )


def split_list(text: str) -> tuple[str, ...]:
    """Splits what `join_list` joined."""
    if not text:
        return ()
    escapes = {"n": "\n", "r": "\r"}
    parts = text.split("; ") if "\\" not in text else _split_escaped(text)
    return tuple(re.sub(r"\\(.)", lambda m: escapes.get(m[1], m[1]), part) for part in parts)


def _split_escaped(text: str) -> list[str]:
    return re.findall(r"(?:\A|; )((?:\\.|[^\\;])*)", text, re.DOTALL)


def pack_links(links: Iterable[Link]) -> str:
    """Joins links for one cell, each as its kind and URL."""
    return join_list([f"{link.kind} {link.url}" for link in links])


def unpack_links(text: str) -> tuple[Link, ...]:
    """Splits what `pack_links` joined; raises `InvalidInput` for anything else."""
    links = []
    for part in split_list(text):
        kind, _, url = part.partition(" ")
        if kind not in set(LinkKind) or not url:
            raise InvalidInput(
                f"“{redact_text(part)[:60]}” isn't a link. Write its kind and URL, such as code "
                "https://example.org."
            )
        links.append(Link(LinkKind(kind), url))
    return tuple(links)


def xml_text(text: str) -> str:
    """Returns the text without the characters that XML 1.0 can't represent."""
    return _NOT_XML.sub("", text)
