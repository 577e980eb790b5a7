from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from bot.feeds.parser import Parser, open_parser
from bot.lookup.errors import LookupFailed, NothingFound, ServiceFailed, UnknownPaper
from bot.lookup.references import parse_reference
from bot.lookup.service import Lookup, open_lookup
from bot.net.http import HttpClient, open_http_client
from bot.net.pace import Paces
from storage.models import Link, LinkKind, PartialDate
from tests.support.lab import FakeClock
from tests.support.lookup_server import LookupServer

WORK = {
    "DOI": "10.5555/lab.7",
    "title": ["Small Models, Long Memories"],
    "author": [{"given": "Ada", "family": "Lovelace"}, {"given": "Alan", "family": "Turing"}],
    "container-title": ["Journal of Open Things"],
    "issued": {"date-parts": [[2024, 2]]},
}


async def test_arxiv_ids_are_looked_up_at_arxiv(lookup: Lookup, server: LookupServer) -> None:
    server.preprint(
        "2304.01373", "A  Study of\n $O(n^2)$", ["Ada Lovelace", "Peter H. N. de With"], "We look."
    )
    draft = await lookup.get("https://arxiv.org/abs/2304.01373v1")
    assert draft.title == "A Study of O(n²)"
    assert draft.authors == ("Ada Lovelace", "Peter H. N. de With")
    assert (draft.venue, draft.date) == ("arXiv", PartialDate(2023, 4, 3))
    assert (draft.identifiers, draft.abstract) == (("arxiv:2304.01373",), "We look.")
    assert server.asked == ["/arxiv?id_list=2304.01373&max_results=1"]
    assert server.agents[0].endswith("(+lab@example.org)")


async def test_a_published_preprint_has_both_ids_and_the_published_venue(
    lookup: Lookup, server: LookupServer
) -> None:
    server.preprint("2304.01373", "Small Models, Long Memories", doi="10.5555/lab.7")
    server.works["10.5555/lab.7"] = WORK
    draft = await lookup.get("2304.01373")
    assert draft.identifiers == ("arxiv:2304.01373", "doi:10.5555/lab.7")
    assert (draft.venue, draft.date) == ("Journal of Open Things", PartialDate(2024, 2))
    assert draft.abstract == "We look at it."


async def test_the_preprint_is_found_even_if_crossref_fails(
    lookup: Lookup, server: LookupServer
) -> None:
    server.preprint("2304.01373", "Small Models", doi="10.5555/lab.7")
    server.fail("/crossref", (500, "", {}))
    draft = await lookup.get("2304.01373")
    assert draft.identifiers == ("arxiv:2304.01373", "doi:10.5555/lab.7")
    assert draft.venue == "arXiv"


async def test_datacite_is_asked_if_arxiv_fails(lookup: Lookup, server: LookupServer) -> None:
    server.fail("/arxiv", (503, "", {}))
    server.records["10.48550/arXiv.2304.01373"] = {
        "doi": "10.48550/arxiv.2304.01373",
        "titles": [{"title": "Small Models"}],
        "publisher": "arXiv",
    }
    draft = await lookup.get("2304.01373")
    assert (draft.title, draft.venue) == ("Small Models", "arXiv")
    assert draft.identifiers == ("arxiv:2304.01373",)


async def test_an_id_unknown_to_arxiv_is_an_error(lookup: Lookup, server: LookupServer) -> None:
    with pytest.raises(NothingFound, match=r"arXiv has no paper 2304\.99999") as caught:
        await lookup.get("2304.99999")
    assert caught.value.known.identifiers == ("arxiv:2304.99999",)
    server.refused = {"nope/0101001"}
    with pytest.raises(NothingFound, match="arXiv has no paper nope/0101001"):
        await lookup.get("nope/0101001")


async def test_crossref_gets_the_contact_address(lookup: Lookup, server: LookupServer) -> None:
    server.works["10.5555/lab.7"] = WORK
    draft = await lookup.get("https://doi.org/10.5555/LAB.7")
    assert draft.title == "Small Models, Long Memories"
    assert draft.identifiers == ("doi:10.5555/lab.7",)
    assert server.asked == ["/crossref/works/10.5555/lab.7?mailto=lab@example.org"]


async def test_a_doi_unknown_to_crossref_is_looked_up_at_datacite(
    lookup: Lookup, server: LookupServer
) -> None:
    server.records["10.5281/zenodo.1"] = {
        "doi": "10.5281/zenodo.1",
        "titles": [{"title": "A Corpus"}],
    }
    assert (await lookup.get("10.5281/zenodo.1")).title == "A Corpus"
    server.fail("/crossref", (503, "", {}))
    server.records["10.5281/zenodo.2"] = {"titles": [{"title": "Another"}]}
    other = await lookup.get("10.5281/zenodo.2")
    assert (other.title, other.identifiers) == ("Another", ("doi:10.5281/zenodo.2",))


async def test_an_unknown_doi_is_an_error(lookup: Lookup, server: LookupServer) -> None:
    with pytest.raises(NothingFound, match="Neither Crossref nor DataCite knows"):
        await lookup.get("10.5555/unknown")
    server.fail("/crossref", (500, "", {}))
    with pytest.raises(
        ServiceFailed, match=r"Crossref isn't available right now.*is having problems"
    ):
        await lookup.get("10.5555/other")


async def test_a_doi_of_another_agency_is_not_called_unknown(
    lookup: Lookup, server: LookupServer
) -> None:
    server.agencies = {"10.11371/iieej.1": "JaLC", "10.5555/lost": "Crossref"}
    with pytest.raises(NothingFound, match="registered with JaLC") as caught:
        await lookup.get("10.11371/iieej.1")
    assert not isinstance(caught.value, UnknownPaper)
    assert caught.value.known.identifiers == ("doi:10.11371/iieej.1",)
    with pytest.raises(UnknownPaper, match="Neither Crossref nor DataCite knows"):
        await lookup.get("10.5555/lost")


@pytest.mark.parametrize(
    "answer", ["", "no json", "[]", "{}", "[1]", '[{"status": "Unknown"}]', "[" * 100_000, "[null]"]
)
async def test_a_doi_whose_agency_cannot_be_asked_may_exist(
    lookup: Lookup, server: LookupServer, answer: str
) -> None:
    server.fail("/doi/", (200, answer, {}))
    with pytest.raises(ServiceFailed, match=r"doi\.org isn't available right now"):
        await lookup.get("10.11371/iieej.2")


async def test_a_work_without_a_title_is_an_error_with_the_rest_of_the_draft(
    lookup: Lookup, server: LookupServer
) -> None:
    server.works["10.5555/lab.7"] = {**WORK, "title": []}
    with pytest.raises(NothingFound, match="not its title") as caught:
        await lookup.get("10.5555/lab.7")
    assert caught.value.known.authors == ("Ada Lovelace", "Alan Turing")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((200, "no json", {}), "couldn't read its response"),
        ((200, "[" * 100_000, {}), "couldn't read its response"),
        ((200, '{"message": []}', {}), "couldn't read its response"),
        ((200, "x" * 1_100_000, {}), "sent more than"),
        ((500, "", {}), "is having problems"),
        ((429, "", {"Retry-After": "120"}), "try again later"),
        ((302, "", {"Location": "/crossref/works/10.5555/lab.7"}), "keeps redirecting me"),
    ],
)
async def test_an_unusable_response_is_an_error_with_a_cause(
    lookup: Lookup, server: LookupServer, answer: tuple[int, str, dict[str, str]], sentence: str
) -> None:
    server.fail("/crossref", answer)
    with pytest.raises(ServiceFailed, match=sentence) as caught:
        await lookup.get("10.5555/lab.7")
    assert str(caught.value).startswith("Crossref isn't available right now.")
    assert str(caught.value).endswith("Try again later.")
    assert caught.value.cause.startswith("Crossref: ")
    assert caught.value.known.identifiers == ("doi:10.5555/lab.7",)


@pytest.mark.parametrize(
    "body", ["<html>Down for maintenance</html>", "", "<feed", '<?xml version="1.0"?><feed><entry>']
)
async def test_a_response_of_arxiv_that_is_not_atom_is_an_error(
    lookup: Lookup, server: LookupServer, body: str
) -> None:
    server.fail("/arxiv", (200, body, {"Content-Type": "application/atom+xml"}))
    with pytest.raises(ServiceFailed, match=r"arXiv isn't available right now\. I couldn't read"):
        await lookup.get("2304.01373")


async def test_a_service_that_hangs_times_out(lookup: Lookup, server: LookupServer) -> None:
    server.hanging = {"/arxiv"}
    with pytest.raises(ServiceFailed, match="took too long"):
        await lookup.get("2304.01373")


async def test_a_whole_lookup_has_a_time_limit(
    server: LookupServer, web: HttpClient, parser: Parser, clock: FakeClock, paces: Paces
) -> None:
    server.hanging = {"/"}
    async with open_lookup(
        web, parser, server.addresses(), clock, paces, time_limit=timedelta(seconds=0.1)
    ) as hasty:
        with pytest.raises(ServiceFailed, match="took too long, so I stopped"):
            await hasty.get("10.5555/lab.7")
        sources = [parse_reference("2304.01373"), parse_reference("2304.01374")]
        outcomes = await hasty.look_up_all(sources)
        assert ["took too long" in str(one) for one in outcomes.values()] == [True, True]


async def test_a_short_retry_after_is_waited_for(lookup: Lookup, server: LookupServer) -> None:
    server.works["10.5555/lab.7"] = WORK
    answer = json.dumps({"message": WORK})
    server.fail("/crossref", (429, "", {"Retry-After": "1"}), (200, answer, {}))
    assert (await lookup.get("10.5555/lab.7")).title == "Small Models, Long Memories"
    assert server.times[1] - server.times[0] >= 1 / 6  # of a second, as all pauses


@pytest.mark.parametrize("headers", [{"Retry-After": "120"}, {}])
async def test_a_long_retry_after_starts_a_cooldown(
    lookup: Lookup, server: LookupServer, headers: dict[str, str]
) -> None:
    server.fail("/arxiv", (429, "", headers))
    with pytest.raises(ServiceFailed, match="try again later"):
        await lookup.get("2304.01373")
    with pytest.raises(ServiceFailed, match=r"try again later .* I'll try again in \d+ \w+\."):
        await lookup.get("2304.01374")
    assert sum(path.startswith("/arxiv") for path in server.asked) == 1


async def test_arxiv_gets_a_pause_between_two_requests(
    lookup: Lookup, server: LookupServer
) -> None:
    for number in ("2304.00001", "2304.00002", "2304.00003"):
        server.preprint(number, f"Paper {number}")
    await asyncio.gather(*(lookup.get(f"2304.0000{last}") for last in (1, 2, 3)))
    pauses = [b - a for a, b in zip(server.times, server.times[1:], strict=False)]
    assert len(pauses) == 2
    assert min(pauses) >= 0.5


async def test_results_are_cached(lookup: Lookup, server: LookupServer) -> None:
    server.preprint("2304.01373", "Small Models")
    first, second = await asyncio.gather(lookup.get("2304.01373"), lookup.get("arXiv:2304.01373v3"))
    assert first == second == await lookup.get("https://arxiv.org/pdf/2304.01373")
    assert len(server.asked) == 1


async def test_cancelling_one_caller_does_not_cancel_the_others(
    lookup: Lookup, server: LookupServer
) -> None:
    server.preprint("2304.01373", "Small Models")
    impatient = asyncio.create_task(lookup.get("2304.01373"))
    patient = asyncio.create_task(lookup.get("2304.01373"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).title == "Small Models"


async def test_closing_cancels_running_lookups(
    server: LookupServer, web: HttpClient, parser: Parser, clock: FakeClock, paces: Paces
) -> None:
    server.hanging = {"/"}
    async with open_lookup(web, parser, server.addresses(), clock, paces) as closing:
        waiting = asyncio.create_task(closing.get("10.5555/lab.7"))
        await server.is_hanging.wait()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_several_references_have_an_outcome_each(
    lookup: Lookup, server: LookupServer
) -> None:
    server.preprint("2304.00001", "One")
    server.preprint("2304.00002", "Two")
    server.works["10.5555/lab.7"] = WORK
    texts = ["2304.00001", "2304.00002", "2304.00003", "10.5555/lab.7", f"{server.home}/none"]
    outcomes = await lookup.look_up_all([parse_reference(text) for text in texts])
    told = [str(one) if isinstance(one, LookupFailed) else one.title for one in outcomes.values()]
    assert told[:2] == ["One", "Two"]
    assert told[2].startswith("arXiv has no paper 2304.00003")
    assert told[3] == "Small Models, Long Memories"
    assert "nothing at that URL (HTTP 404). Check the link" in told[4]
    assert server.asked[0].startswith("/arxiv?id_list=2304.00001,2304.00002,2304.00003")


async def test_one_malformed_id_does_not_affect_the_others(
    lookup: Lookup, server: LookupServer
) -> None:
    server.preprint("2304.00001", "One")
    server.refused = {"nope/0101001"}
    outcomes = await lookup.look_up_all(
        [parse_reference("2304.00001"), parse_reference("nope/0101001")]
    )
    assert [isinstance(one, LookupFailed) for one in outcomes.values()] == [False, True]


@pytest.mark.parametrize("place", [0, 4, 9])
async def test_the_malformed_one_of_many_ids_is_found_by_halving(
    lookup: Lookup, server: LookupServer, place: int
) -> None:
    ids = [f"2304.0000{last}" for last in range(1, 10)]
    for number in ids:
        server.preprint(number, f"Paper {number}")
    server.refused = {"nope/0101001"}
    ids.insert(place, "nope/0101001")
    outcomes = await lookup.look_up_all([parse_reference(number) for number in ids])
    failed = [isinstance(one, LookupFailed) for one in outcomes.values()]
    assert failed == [number in server.refused for number in ids]
    assert sum(path.startswith("/arxiv") for path in server.asked) <= 8  # not 11


async def test_arxiv_is_not_asked_for_each_id_during_a_cooldown(
    lookup: Lookup, server: LookupServer
) -> None:
    server.fail("/arxiv", (500, "", {}))
    outcomes = await lookup.look_up_all(
        [parse_reference(f"2304.0000{last}") for last in range(1, 6)]
    )
    assert all("arXiv isn't available" in str(one) for one in outcomes.values())
    assert sum(path.startswith("/arxiv") for path in server.asked) == 1


async def test_the_metadata_of_a_page_is_used(lookup: Lookup, server: LookupServer) -> None:
    server.pages["/post"] = (
        "<meta property='og:title' content='A Post on Memories'>"
        "<meta property='og:description' content='What we saw.'>"
    )
    draft = await lookup.get(f"{server.home}/post")
    assert (draft.title, draft.abstract) == ("A Post on Memories", "What we saw.")
    assert draft.links == (Link(LinkKind.PAGE, f"{server.home}/post"),)
    assert draft.identifiers[0].startswith("url:127.0.0.1")


async def test_a_page_that_names_an_id_is_completed_by_a_service(
    lookup: Lookup, server: LookupServer
) -> None:
    server.works["10.5555/lab.7"] = WORK
    server.pages["/paper"] = (
        "<meta name='citation_doi' content='10.5555/lab.7'><meta name='citation_pdf_url' "
        "content='/p.pdf'><meta name='citation_abstract' content='We look.'><title>x</title>"
    )
    draft = await lookup.get(f"{server.home}/paper")
    assert (draft.title, draft.venue) == ("Small Models, Long Memories", "Journal of Open Things")
    assert draft.abstract == "We look."
    assert draft.identifiers[0] == "doi:10.5555/lab.7"
    assert Link(LinkKind.PDF, f"{server.home}/p.pdf") in draft.links


async def test_a_page_is_used_alone_if_its_id_is_unknown(
    lookup: Lookup, server: LookupServer
) -> None:
    server.pages["/paper"] = (
        "<meta name='citation_title' content='Alone'><meta name='citation_doi' content='10.5555/x'>"
        "<meta name='citation_arxiv_id' content='2304.00009'>"
    )
    draft = await lookup.get(f"{server.home}/paper")
    assert draft.title == "Alone"
    assert draft.identifiers[:2] == ("arxiv:2304.00009", "doi:10.5555/x")


async def test_a_redirect_to_a_doi_is_looked_up_as_that(
    lookup: Lookup, server: LookupServer
) -> None:
    server.works["10.5555/lab.7"] = WORK
    server.fail("/short", (302, "", {"Location": "/doi/10.5555/lab.7"}))
    server.pages["/doi/10.5555/lab.7"] = "<title>Welcome</title>"
    assert (await lookup.get(f"{server.home}/short")).title == "Small Models, Long Memories"


async def test_a_file_is_an_error(lookup: Lookup, server: LookupServer) -> None:
    with pytest.raises(NothingFound, match="That link leads to a file"):
        await lookup.get(f"{server.home}/p.pdf")
    assert server.asked == []
    server.fail("/download", (200, "%PDF-1.7", {"Content-Type": "application/octet-stream"}))
    with pytest.raises(NothingFound, match="That link leads to a file") as caught:
        await lookup.get(f"{server.home}/download")
    assert caught.value.known.links == (Link(LinkKind.PAGE, f"{server.home}/download"),)


async def test_a_page_without_metadata_is_an_error(lookup: Lookup, server: LookupServer) -> None:
    server.pages["/paper"] = "<p>Hello!"
    with pytest.raises(
        NothingFound, match="That page doesn't say which paper it's about"
    ) as caught:
        await lookup.get(f"{server.home}/paper")
    assert caught.value.known.links == (Link(LinkKind.PAGE, f"{server.home}/paper"),)


@pytest.mark.parametrize(
    "source", ["http:/post", "10.5555/lab.7", "10.5555/lab.8", "@misc{a, title={Models}}"]
)
async def test_untrusted_bytes_are_parsed_only_by_workers(
    lookup: Lookup, server: LookupServer, parser: Parser, source: str
) -> None:
    server.pages["/post"] = "<title>A Post</title>"
    server.works["10.5555/lab.7"] = WORK
    server.records["10.5555/lab.8"] = {"titles": [{"title": "A Record"}]}
    await parser.workers.close()
    with pytest.raises(asyncio.CancelledError):
        await lookup.get(source.replace("http:", server.home))


async def test_a_page_that_takes_too_long_to_parse_is_an_error(
    server: LookupServer, web: HttpClient, clock: FakeClock, paces: Paces
) -> None:
    server.pages["/deep"] = "<body>" + "<div>" * 190_000
    async with (
        open_parser(timedelta(seconds=2), workers=1) as impatient,
        open_lookup(web, impatient, server.addresses(), clock, paces) as lookup,
    ):
        with pytest.raises(
            NothingFound, match="That page takes more than 2 seconds to read"
        ) as caught:
            await lookup.get(f"{server.home}/deep")
    assert caught.value.known.links == (Link(LinkKind.PAGE, f"{server.home}/deep"),)


async def test_a_forbidden_page_is_an_error_with_advice(
    lookup: Lookup, server: LookupServer
) -> None:
    server.fail("/paper", (403, "", {}))
    with pytest.raises(ServiceFailed, match=r"denied me access \(HTTP 403\). Use the paper's"):
        await lookup.get(f"{server.home}/paper")


async def test_private_hosts_are_contacted_only_as_services(
    server: LookupServer, web: HttpClient, parser: Parser, clock: FakeClock, paces: Paces
) -> None:
    server.works["10.5555/lab.7"] = WORK
    async with (
        open_http_client(
            contact="", allow_private=False, time_limit=timedelta(seconds=1), max_bytes=10_000
        ) as guarded,
        open_lookup(web, parser, server.addresses(), clock, paces, pages=guarded) as lookup,
    ):
        for host in (server.home, server.home.replace("127.0.0.1", "localhost")):
            with pytest.raises(NothingFound, match="private network, so I won't read it"):
                await lookup.get(f"{host}/paper")
        assert server.asked == []
        assert (await lookup.get("10.5555/lab.7")).title == WORK["title"][0]


async def test_a_bibtex_entry_on_one_line_is_read(lookup: Lookup, server: LookupServer) -> None:
    draft = await lookup.get(
        "@misc{lovelace2023, title={{S}mall Models}, author={Lovelace, Ada and Turing, Alan}, "
        "year={2023}, eprint={2304.01373}, archivePrefix={arXiv}}"
    )
    assert (draft.title, draft.authors) == ("Small Models", ("Ada Lovelace", "Alan Turing"))
    assert draft.identifiers == ("arxiv:2304.01373",)
    assert server.asked == []
    with pytest.raises(NothingFound, match="I can't use that BibTeX"):
        await lookup.get("@misc{lovelace2023, year={2023}}")
    with pytest.raises(NothingFound, match="I can't use that BibTeX"):
        await lookup.get("@comment{nothing}")


async def test_real_responses_of_arxiv_are_read(
    lookup: Lookup, server: LookupServer, recorded_answers: Path
) -> None:
    server.recorded = recorded_answers
    old = await lookup.get("astro-ph/0601001")
    assert old.title.startswith("Frequency of Hot Jupiters")
    assert (old.identifiers[0], old.date) == ("arxiv:astro-ph/0601001", PartialDate(2006, 1, 2))
    particles = await lookup.get("1707.08567")
    assert {"Joost van der Putten", "Peter H. N. de With"} <= set(particles.authors)
    with pytest.raises(NothingFound):
        await lookup.get("0808.05394")


async def test_real_responses_of_crossref_and_datacite_are_read(
    lookup: Lookup, server: LookupServer, recorded_answers: Path
) -> None:
    known = {
        "10.1371/journal.pone.0020476": next((recorded_answers / "crossref").glob("*0020476*json")),
        "10.1145/2832099.2832103": next((recorded_answers / "crossref").glob("*2832103*json")),
    }
    for doi, file in known.items():
        server.works[doi] = json.loads(file.read_bytes())["message"]
    record = json.loads(next((recorded_answers / "datacite").glob("*n34n5q*")).read_bytes())
    server.records["10.21233/n34n5q"] = record["data"]["attributes"]
    assert (await lookup.get("10.1371/journal.pone.0020476")).venue == "PLoS ONE"
    assert (await lookup.get("10.1145/2832099.2832103")).date == PartialDate(2015)
    found = await lookup.get("10.21233/N34N5Q")
    assert (found.authors, found.date) == (("John T. Andrews",), PartialDate(2017))
