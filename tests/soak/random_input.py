"""What members type and attach at random: good and bad input for options and forms."""

from __future__ import annotations

import random
from collections import deque

from tests.faults.discord_standin import Payload
from tests.faults.interactive_discord import InteractiveDiscord
from tests.soak.feed_site import make_title

_TYPED = (
    "retrieval", "graphs", '"for proteins"', "-causal agents", "author:nightjar", "venue:ICML",
    "year:2022..2026", "tag:code", "theorms", "a", "*", '"', "()", "NEAR(", "OR AND NOT", "\u202e",
    "', DROP TABLE papers; --", "😀" * 20, "@everyone <@1> **x**", "日本語の論文", "x" * 90, " ",
    "#1", "#999999999", "2611.00003", "10.5555/soak.2", "https://arxiv.org/abs/2611.00006",
    "Ada Nightjar", "Szabo", "Femi Okafor", "Noor Al-Rashid", "2026", "12-5", "http://[", "~model",
)  # fmt: skip


class RandomInput:
    """Texts and files; some name papers that may be in the list, by their ``titles``."""

    def __init__(self, discord: InteractiveDiscord, rng: random.Random, home: str) -> None:
        self.titles: deque[str] = deque(maxlen=200)
        self._discord = discord
        self._rng = rng
        self._home = home
        self._number = 50_000  # of the papers that members add

    def make_title(self) -> str:
        """Returns the title of a new paper."""
        self._number += 1
        return make_title(self._rng, self._number)

    def type(self, path: str, name: str) -> str:
        """Returns what somebody types into an option or a form's field."""
        rng = self._rng
        if name in {"url", "file"} and path.startswith(("feed", "curate")):
            number = rng.randint(1, 6)
            return rng.choice(
                (
                    *(f"{self._home}/feeds/Scratch-{number}" for _ in range(6)),
                    f"{self._home}/page/Scratch-{number}",
                    f"{self._home}/feeds/nothing",
                    "http://169.254.1.1/feed",
                    "ftp://example.org/feed",
                    "not a link",
                )
            )
        if name == "source":
            title = self.make_title()
            bibtex = f"@article{{x, title={{{title}}}, author={{Ada Nightjar}}, year={{2026}}}}"
            return rng.choice(
                (
                    *(bibtex, f"2612.{rng.randint(1, 400):05}", title),
                    f"10.5555/soak.{rng.randint(1, 400)}",
                    *(f"{self._home}/page/Scratch-1", rng.choice(_TYPED)),
                )
            )
        of_papers = {"paper", "into", "query", "entry", "link"}
        if name in of_papers and self.titles and rng.random() < 0.6:
            return rng.choice(self.titles)
        return rng.choice(_TYPED)

    def attach(self, resolved: Payload) -> str:
        """Attaches a file with a few papers, or one that can't be read."""
        self._number += 3
        bodies = [
            "\n".join(
                f"@article{{k{number}, title={{{make_title(self._rng, number)}}}, "
                "author={Ada Nightjar and Bo Tanaka}, year={2026}}"
                for number in range(self._number - 2, self._number + 1)
            ).encode(),
            b"title,authors,year\n"
            + f"{make_title(self._rng, self._number)},Eva Szab\u00f3,2026\n".encode(),
            b"\x00\xff\xfe garbage " * 50,
            b"",
            f"<opml><body><outline xmlUrl='{self._home}/feeds/Scratch-2'/></body></opml>".encode(),
        ]
        name = f"file-{self._number % 40}"
        body = self._rng.choice(bodies)
        self._discord.files[name] = ("application/octet-stream", body)
        number = str(1_100_000_000_000_000_000 + self._number)
        url = f"{self._discord.address}/files/{name}"
        resolved["attachments"] = {
            number: {
                "id": number,
                "filename": self._rng.choice(("papers.bib", "papers.csv", "feeds.opml")),
                "size": len(body),
                "url": url,
                "proxy_url": url,
            }
        }
        return number
