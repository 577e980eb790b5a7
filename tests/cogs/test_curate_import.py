from __future__ import annotations

import asyncio
import io
import json
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.flows.import_file import ImportPreview
from bot.importing import upload
from bot.importing.upload import MAX_BYTES, MAX_ENTRIES
from bot.settings import Settings
from bot.ui.dialogs import AlreadyDecided
from bot.ui.lab_button import NotYours
from storage.errors import LabError
from storage.models import Actor, Origin, PaperDraft
from tests.support.lab import FakeClock, Lab, reply_text
from tests.support.library import MODERATOR, import_running

# A busy machine may need long to start the process that reads a file.
pytestmark = pytest.mark.simcord(settle_timeout=20)

BIB = (
    b"@misc{a, title={Ferns of the North}, doi={10.1000/1}}\n"
    b"@misc{b, title={Ferns of the South}, doi={10.1000/2}}\n"
)
BAD_ENTRY = b"@misc{c, author={Nobody}}\n"
PAGE = """\
ICML Ada Lovelace ICML Ada Lovelace

Counting Ferns

Lovelace, A., Turing, A. “Counting Ferns.” ICML, 2024.

We count ferns.

Read More
"""
FEED = """<rss version="2.0"><channel><title>T</title><link>https://lab.org/</link>
<item><title>Counting Ferns</title><link>https://lab.org/ferns</link></item></channel></rss>"""
FORMATS = {
    "page.txt": PAGE,
    "papers.bib": "@misc{a, title={Counting Ferns}, doi={10.1000/7}}",
    "papers.csv": "Title,Authors\nCounting Ferns,Ada Lovelace\n",
    "papers.json": '[{"title": "Counting Ferns", "doi": "10.1000/7"}]',
    "papers.jsonl": '{"title": "Counting Ferns", "doi": "10.1000/7"}\n',
    "feed.xml": FEED,
    "papers.ris": "TY  - JOUR\nAU  - Roe, Jane\nTI  - Counting Ferns\nDO  - 10.1000/7\nER  - \n",
    "papers.nbib": "PMID- 7\nTI  - Counting Ferns.\nFAU - Lovelace, Ada\n",
    "papers.enw": "%0 Journal Article\n%A Lovelace, Ada\n%T Counting Ferns\n%R 10.1000/7\n",
    "papers.ciw": "FN Clarivate\nPT J\nAF Lovelace, Ada\nTI Counting Ferns\nDI 10.1000/7\nER\nEF\n",
    "endnote.xml": "<xml><records><record><titles><title>Counting Ferns</title></titles>"
    "<electronic-resource-num>10.1000/7</electronic-resource-num></record></records></xml>",
    "papers": "@misc{a, title={Counting Ferns}, doi={10.1000/7}}",
}


async def preview(lab: Lab, file: tuple[str, bytes], actor: Any = None, **options: Any) -> Any:
    result = await (actor or lab.moderator).slash(
        lab.channel, "curate import", file=file, **options
    )
    assert result.ephemeral
    return result


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def titles(lab: Lab) -> list[str]:
    return [paper.title for paper in await lab.app.library.papers.batch(after=20)]


@pytest.mark.parametrize("name", FORMATS)
async def test_a_file_of_each_format_is_previewed_and_then_imported(lab: Lab, name: str) -> None:
    await lab.run(lab.moderator, "announce here")
    result = await preview(lab, (name, FORMATS[name].encode()))
    assert "**1** will be added: “Counting Ferns” (line 1)" in reply_text(result).replace(
        "(line 2)", "(line 1)"
    )
    assert "won't be announced" in reply_text(result)
    assert await titles(lab) == []
    imported = await lab.moderator.click(result.response, label="Import")
    done = reply_text(imported)
    assert "### Imported" in done
    assert "**1** added: “Counting Ferns”" in done
    (paper,) = await lab.app.library.papers.batch(after=20)
    assert paper.title == "Counting Ferns"
    assert paper.provenance.origin is Origin.IMPORT
    (change,) = await lab.app.library.audit.for_paper(paper.id)
    assert change.actor == Actor(f"discord:{lab.moderator.id}", "noor")
    await lab.app.deliver()
    assert "Counting Ferns" not in lab.last_text
    again = reply_text(await preview(lab, (name, FORMATS[name].encode())))
    assert "**1** already in the list" in again
    assert "nothing to import" in again
    assert "[Import]" not in again
    undone = await lab.moderator.click(imported.response, label="Undo")
    assert "📥 imported papers: 1 added" in reply_text(undone)
    assert await titles(lab) == []


async def test_the_preview_counts_each_outcome_with_its_first_entry(lab: Lab) -> None:
    add = lab.app.library.papers.upsert
    for draft in (
        PaperDraft(title="Known", identifiers=("doi:10.1000/k",)),
        PaperDraft(title="Gone", identifiers=("doi:10.1000/g",)),
        PaperDraft(title="Alike", authors=("Ann Lee",), identifiers=("doi:10.1000/a",)),
        PaperDraft(title="Short", identifiers=("doi:10.1000/s",)),
    ):
        result = (await add(draft, Origin.IMPORT, MODERATOR)).value
        if draft.title == "Gone" and result.paper:
            await lab.app.library.papers.remove(result.paper.id, MODERATOR)
    rows = [
        "Title,Authors,DOI,Venue,Status",
        "New *one*,,10.1000/n,,",
        "Another,,10.1000/o,,",
        "Known,,10.1000/k,,",
        "Gone,,10.1000/g,,",
        "Alike,Ann Lee,,,",
        "Short,,10.1000/s,ICML,",
        "Secret,Ann Lee,,,Under Review",
        ",Nobody,,,",
    ]
    text = reply_text(await preview(lab, ("sheet.csv", "\n".join(rows).encode())))
    assert "**2** will be added: first “New \\*one\\*” (line 2)" in text
    assert "**2** will be updated: first “Known” (line 4)" in text
    assert "**1** may already be in the list, will be skipped: “Alike” (line 6)" in text
    assert "**1** removed on purpose, will be skipped: “Gone” (line 5)" in text
    assert "**1** can't be used" in text
    assert "**1** isn't a published paper" in text
    assert "Line 9: This row can't be used. It has no title." in text
    assert "Line 6: “Alike” may be a duplicate of “Alike”" in text
    assert "[Import the rest]" in text
    taken = await preview(lab, ("s.csv", "\n".join(rows).encode()), unpublished=True)
    assert "**3** will be added" in reply_text(taken)


async def test_likely_duplicates_update_the_list_only_if_asked_to(lab: Lab) -> None:
    for draft in (
        PaperDraft("Ferns of the North", ("Ann Lee",), venue="arXiv"),
        PaperDraft("Ferns Alone", identifiers=("url:lab.org/ferns",)),
    ):
        await lab.app.library.papers.upsert(draft, Origin.IMPORT, MODERATOR)
    bib = (
        b"@article{a, title={Ferns of the North}, author={Ann Lee}, journal={TMLR}}\n"
        b"@misc{b, title={Moss}, url={https://lab.org/ferns}}\n"
    )
    result = await preview(lab, ("more.bib", bib))
    assert "**2** may already be in the list, will be skipped" in reply_text(result)
    done = await lab.moderator.click(result.response, label="Update 1 likely duplicate")
    assert "**1** updated" in reply_text(done)
    assert "“Moss” may be a duplicate of “Ferns Alone”" in reply_text(done)
    assert (await lab.app.library.papers.get(21)).venue == "TMLR"
    await lab.moderator.click(done.response, label="Undo")
    assert (await lab.app.library.papers.get(21)).venue == "arXiv"


async def test_entries_that_cannot_be_used_are_skipped_only_if_asked_to(lab: Lab) -> None:
    result = await preview(lab, ("papers.bib", BIB + BAD_ENTRY))
    assert "Line 3: “c” can't be used. It has no title." in reply_text(result)
    assert "[Import the rest]" in reply_text(result)
    await lab.moderator.click(result.response, label="Cancel")
    result = await preview(lab, ("papers.bib", BIB + BAD_ENTRY), keep_going=True)
    assert "[Import]" in reply_text(result)
    await lab.moderator.click(result.response, label="Import")
    assert await titles(lab) == ["Ferns of the North", "Ferns of the South"]


async def test_the_preview_says_how_columns_are_read_and_an_option_maps_them(lab: Lab) -> None:
    sheet = ("sheet.csv", b"Headline,Who,Colour\nCounting Ferns,Ada Lovelace,green\n")
    text = reply_text(await preview(lab, sheet))
    assert (
        "I can't tell which column has the titles. The columns are “Headline”, “Who”, “Colour”"
        in text
    )
    result = await preview(lab, sheet, columns="title=Headline; authors = Who;")
    assert "Columns: authors from “Who”; title from “Headline”." in reply_text(result)
    assert "Ignored columns: “Colour”." in reply_text(result)
    await lab.moderator.click(result.response, label="Import")
    (paper,) = await lab.app.library.papers.batch(after=20)
    assert paper.authors == ("Ada Lovelace",)
    for wrong, sentence in (
        ("title", "doesn't name a column"),
        ("title=Nothing", "There's no column “Nothing”"),
        ("mood=Colour; title=Headline", "“mood” isn't a field"),
    ):
        assert sentence in reply_text(await preview(lab, sheet, columns=wrong))


async def test_cancelling_imports_nothing(lab: Lab) -> None:
    result = await preview(lab, ("papers.bib", BIB))
    cancelled = reply_text(await lab.moderator.click(result.response, label="Cancel"))
    assert cancelled == "👌 Nothing was imported."
    assert await titles(lab) == []


async def test_a_report_that_does_not_fit_is_attached_in_full(lab: Lab) -> None:
    long = "*long* " * 60
    entries = [{"title": f"Fern number {number} {long}", "year": 2020} for number in range(40)]
    entries += [{"title": ""} for _ in range(40)]
    result = await preview(lab, ("papers.json", json.dumps(entries).encode()))
    text = reply_text(result)
    assert "**40** will be added: first “Fern number 0" in text
    assert "25 more notes in the attached report." in text
    (file,) = result.response.attachments
    whole = (await file.read()).decode()
    assert file.filename == "report.txt"
    assert all(f"Fern number {number} " in whole for number in range(40))
    assert whole.count("It has no title.") == 40
    done = await lab.moderator.click(result.response, label="Import the rest")
    assert done.response.attachments == []


async def test_the_longest_preview_fits_and_ends_with_the_question(lab: Lab) -> None:
    mark = "_*~|" * 150
    header = ["Title", "DOI", *(f"Column {mark[:40]} {number}" for number in range(60))]
    rows = [[f"Fern {mark} {number}", f"10.1000/{number}"] for number in range(30)]
    rows += [["", f"10.1000/x{number}"] for number in range(30)]
    body = "\n".join(",".join(row) for row in [header, *rows]).encode()
    result = await preview(lab, (f"{'long_' * 60}.csv", body))
    text = reply_text(result)
    assert "Import these papers?" in text
    assert "in the attached report" in text


class TestLabFiles:
    """The lab's real files, if they are on this machine."""

    async def test_the_page_and_the_spreadsheet_can_be_imported(
        self, lab: Lab, publications_page: str, lab_sheet: Path
    ) -> None:
        result = await preview(lab, ("page.txt", publications_page.encode()))
        assert "**20** will be updated: first" in reply_text(result)
        sheet = ("sheet.csv", await asyncio.to_thread(lab_sheet.read_bytes))
        result = await preview(lab, sheet)
        assert "will be added" in reply_text(result)
        assert "**25** aren't published papers" in reply_text(result)
        done = await lab.moderator.click(result.response, label="Import")
        assert "### Imported" in reply_text(done)
        assert await lab.app.library.papers.count() == 137
        again = await preview(lab, sheet)
        assert "nothing to import" in reply_text(again)


@pytest.mark.parametrize(
    ("name", "body", "sentence"),
    [
        ("empty.txt", b"", "I couldn't find any papers in that file."),
        ("blank.csv", b"\n\n", "The file has no header row"),
        ("notes.txt", b"only\n\na few words", "can't"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "picture.png isn't a text file"),
        ("papers.xlsx", b"PK\x03\x04\x14\0\x06\0", "papers.xlsx isn't a text file"),
        ("page.xml", b"<html><body>Hello</body></html>", "I can read publications pages"),
        ("feed.xml", b"<rss", "isn't a feed that I can read"),
        ("papers.json", b'{"title": "One"', "The file isn't valid JSON"),
        ("papers.jsonl", b'{"title": "One"\n', "Line 1: This line isn't valid JSON"),
        ("papers.bib", b"@misc{a, title={One", "Line 1"),
        ("..", b"@misc{a}", "It has no title."),
        ("huge.csv", b"x" * (MAX_BYTES + 1), "larger than 10 MiB"),
        ("long.json", b'[{"title": "T", "abstract": "' + b"x" * 200_000 + b'"}]', "too long"),
    ],
)
async def test_a_bad_file_is_explained_privately_and_changes_nothing(
    lab: Lab, name: str, body: bytes, sentence: str
) -> None:
    text = reply_text(await preview(lab, (name, body)))
    assert sentence in text
    assert "[Import" not in text
    assert "/tmp" not in text
    assert await titles(lab) == []


async def test_a_file_that_discord_no_longer_has_is_explained(lab: Lab) -> None:
    url = "https://cdn.simcord.invalid/gone"
    channel: Any = lab.app.client.get_channel(lab.channel.id)
    message = await channel.send(file=discord.File(io.BytesIO(BIB), "papers.bib"))
    message.attachments[0].url = url
    with pytest.raises(LabError, match="doesn't have that file anymore"):
        await upload.download(message.attachments[0])


async def test_only_the_owner_can_use_the_buttons_and_only_once(lab: Lab) -> None:
    interactions: list[discord.Interaction[Any]] = []

    async def on_interaction(interaction: discord.Interaction[Any]) -> None:
        interactions.append(interaction)

    lab.app.client.add_listener(on_interaction)
    for moderator in (lab.moderator, lab.role_moderator):
        await lab.run(moderator, "help")
    own, foreign = interactions
    dialog = ImportPreview(lab.moderator.id)
    with pytest.raises(NotYours):
        await dialog.interaction_check(foreign)
    assert await dialog.interaction_check(own)
    with pytest.raises(AlreadyDecided):
        await dialog.interaction_check(own)


class TestDuringAnImport:
    async def test_other_imports_and_changes_are_refused(self, lab: Lab) -> None:
        form = await lab.moderator.slash(lab.channel, "curate edit", paper="#1")
        async with import_running(lab.app.library):
            ready = await preview(lab, ("papers.bib", BIB))
            assert "**2** will be added" in reply_text(ready)
            for answer in (
                await lab.moderator.submit_modal(form, {"title": "Another", "authors": "A"}),
                await lab.moderator.slash(lab.channel, "announce here"),
                await lab.moderator.slash(lab.channel, "people rename", name="Biderman", to="S B"),
            ):
                assert "An import is in progress" in reply_text(answer)
            waiting = await lab.moderator.click(ready.response, label="Import")
            assert "An import is in progress" in reply_text(waiting)
        done = await lab.moderator.click(waiting.response, label="Import")
        assert "### Imported" in reply_text(done)
        assert await titles(lab) == ["Ferns of the North", "Ferns of the South"]
        assert (await lab.app.library.papers.get(1)).title != "Another"

    async def test_announcements_wait_and_searches_do_not(self, lab: Lab) -> None:
        await lab.run(lab.moderator, "announce here")
        await lab.app.library.papers.upsert(
            PaperDraft(title="News"), Origin.MODERATOR, MODERATOR, announce=True
        )
        async with import_running(lab.app.library):
            delivering = asyncio.ensure_future(lab.app.deliver())
            search = await lab.run(lab.member, "search", query="news")
            assert "News" in search
            assert not delivering.done()
        assert await delivering == 1
        assert "News" in lab.last_text


async def test_progress_is_shown_meanwhile(lab: Lab) -> None:
    cog: Any = lab.app.client.get_cog("Curate")
    cog.imports.progress_interval = timedelta(0)
    entries = [{"title": f"Fern number {number}", "year": 2020} for number in range(12)]
    result = await preview(lab, ("papers.json", json.dumps(entries).encode()))
    assert "⏳ Checking the file: 0 of 12 entries." in str(lab.env.backend.transcript)
    done = await lab.moderator.click(result.response, label="Import")
    assert "⏳ Importing the file: 0 of 12 entries." in str(lab.env.backend.transcript)
    assert "**12** added" in reply_text(done)


async def test_a_preview_that_takes_too_long_is_explained(lab: Lab) -> None:
    cog: Any = lab.app.client.get_cog("Curate")
    cog.imports.preview_timeout = timedelta(0)
    result = await preview(lab, ("papers.bib", BIB))
    assert "took more than five minutes" in reply_text(result)
    assert "[Import]" not in reply_text(result)
    assert (await lab.add(PaperDraft(title="Next"))) == 21


class TestWithAModeratorRole:
    """With a moderator role Discord shows the commands to everyone, so only the checks count."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, moderator_role_ids=(123_456_789_012_345_678,))

    async def test_members_are_refused(self, lab: Lab) -> None:
        result = await preview(lab, ("papers.bib", BIB), lab.member)
        assert "Only moderators" in reply_text(result)
        assert await titles(lab) == []


@pytest.mark.parametrize(
    ("name", "body"),
    [
        # Macros that double in length sixty times.
        (
            "macros.bib",
            b'@string{s0 = "ferns"}\n'
            + b"".join(b"@string{s%d = s%d # s%d}\n" % (n, n - 1, n - 1) for n in range(1, 60))
            + b"@misc{a, title = s59}",
        ),
        ("columns.csv", b"title," + b"," * 3_000_000 + b"\nA\n"),
        # feedparser looks for an e-mail address in time that grows with the square of the text.
        (
            "mail.xml",
            b"<rss version='2.0'><channel><item><author>"
            + b"x" * 500_000
            + b"</author><title>One</title></item></channel></rss>",
        ),
    ],
)
async def test_a_hostile_file_stays_within_time_and_memory(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, body: bytes
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(LabError, match=r"takes more than|takes too much memory|ends the process"):
        await upload.read(name, body, upload.ImportOptions(), clock(), timedelta(seconds=3))
    assert files_in(tmp_path) == []


async def test_a_file_with_too_many_entries_is_explained(clock: FakeClock) -> None:
    body = b'{"title": "A"}\n' * (MAX_ENTRIES + 1)
    with pytest.raises(LabError, match=r"more than 20,000 entries. Split it"):
        await upload.read("papers.jsonl", body, upload.ImportOptions(), clock())


async def test_exponential_entities_are_not_expanded(clock: FakeClock) -> None:
    entities = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
    bomb = f"<!DOCTYPE l [<!ENTITY a0 'fern'>{entities}]>" + FEED.replace("Counting", "&a11;")
    found = await upload.read("bomb.xml", bomb.encode(), upload.ImportOptions(), clock())
    assert sum(map(len, found.pickled)) < 10_000
