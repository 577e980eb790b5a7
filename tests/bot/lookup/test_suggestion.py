from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.lookup.suggestion import parse_suggestion
from storage.errors import InvalidInput
from storage.models import Link, LinkKind
from storage.papers.titles import is_bare_reference


@pytest.mark.parametrize(
    ("source", "title", "identifiers", "links"),
    [
        ("2304.01373v2", "arXiv:2304.01373", ("arxiv:2304.01373",), ()),
        ("Please add arXiv:2304.01373!", "arXiv:2304.01373", ("arxiv:2304.01373",), ()),
        ("2304.01373 (by us)", "arXiv:2304.01373", ("arxiv:2304.01373",), ()),
        ("see arXiv: 2304.01373v2.", "arXiv:2304.01373", ("arxiv:2304.01373",), ()),
        (
            "https://arxiv.org/abs/2304.01373 (arXiv 2304.01373v1)",
            "arXiv:2304.01373",
            ("arxiv:2304.01373",),
            (),
        ),
        (
            "https://arxiv.org/abs/2304.01373",
            "arXiv:2304.01373",
            ("arxiv:2304.01373",),
            (),
        ),
        ("https://doi.org/10.1000/X", "doi:10.1000/x", ("doi:10.1000/x",), ()),
        (
            "https://www.example.org/paper (by us)",
            "example.org/paper",
            ("url:example.org/paper",),
            (Link(LinkKind.PAGE, "https://www.example.org/paper"),),
        ),
        ("  S4:\n State  Spaces ", "S4: State Spaces", (), ()),
        ("Attention Is All You Need", "Attention Is All You Need", (), ()),
        (
            "Language models are few-shot learners",
            "Language models are few-shot learners",
            (),
            (),
        ),
        ("大規模言語モデル", "大規模言語モデル", (), ()),
        *(
            (title, title, (), ())
            for title in (
                "attention is all you need",
                "scaling laws for neural language models",
                "ATTENTION IS ALL YOU NEED",
                "“why should i trust you?”: explaining the predictions of any classifier",
                "show your work: improved reporting of experimental results",
                "what does a network look at?",
                "how can we know what models know?",
                "detecting a social bot by its friends",
                "adding noise to gradients",
                "Please Stop Explaining Black Boxes",
                "Hello, It's a Model: How Can I Help You?",
                "Can You Tell Me How to Train?",
                "can you tell me how to get to the sea? training beyond the modeling of language",
                "über automaten im unterricht",
            )
        ),
    ],
)
def test_a_suggestion_becomes_a_draft(
    source: str, title: str, identifiers: tuple[str, ...], links: tuple[Link, ...]
) -> None:
    _, draft = parse_suggestion(source)
    assert (draft.title, draft.identifiers, draft.links) == (title, identifiers, links)


@pytest.mark.parametrize(
    "source",
    [
        *("hello nice bot", "Hello nice bot", "HELLO NICE BOT", "thanks!!!", "lol", "asdf qwer"),
        *("please add the new paper", "Could someone add that new paper?", "I love this bot"),
        *("what can you do?", "who are you and why", "how do i use this", "thank you so much!"),
        *("hey everyone, a new paper is out", "Good morning to everyone here", "test test test"),
        *("add this one to the list", "our new paper about ferns", "lol that was funny"),
        *("deep learning", "Deep Learning", "ha ha ha", "こんにちは", "i have a question for mods"),
        *("978-3-16-148410-0", "ISBN 978 3 16 148410 0", "??", "\u200b\u202e", " - "),
    ],
)
def test_chatter_is_refused_with_how_to_suggest(source: str) -> None:
    with pytest.raises(InvalidInput, match=r"isn't a paper.*its arXiv ID, DOI or link"):
        parse_suggestion(source)


@pytest.mark.parametrize(
    "source",
    [
        *("https://lab.example", "https://lab.example/?id=3", "http://localhost/x", "lab.example"),
        *("http://[2001:db8::1]/x", "https://münchen.example/a", "https://a:b@lab.example/?key=c"),
        *("https://lab.example/?token=0123456789abcdef", "10.1000/(sici)1<2::aid>3.0.co;2-k"),
        *("10.1000/x:y;z", "math/0211159", "https://lab.example/" + "a" * 400),
    ],
)
def test_the_title_of_what_isnt_looked_up_is_known_to_be_none(source: str) -> None:
    _, draft = parse_suggestion(source)
    assert is_bare_reference(draft.title)


@pytest.mark.parametrize(
    "source",
    [
        "see https://arxiv.org/abs/2304.01373 and https://lab.example/p",
        "2304.01373, 2304.01374",
        "10.1000/a 2304.01374",
        "@misc{a, title={One}} @string{x = {y}} @article{b, title={Two}}",
    ],
)
def test_several_papers_are_refused(source: str) -> None:
    with pytest.raises(InvalidInput, match="That's 2 papers"):
        parse_suggestion(source)


@given(st.text(max_size=600))
def test_any_suggestion_becomes_a_draft_or_is_rejected(text: str) -> None:
    try:
        _, draft = parse_suggestion(text)
    except InvalidInput as error:
        assert str(error).endswith(".")  # noqa: PT017 - both ends are good
    else:
        assert 1 <= len(draft.title) <= 300


def test_a_private_link_is_refused_without_repeating_its_secret() -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_suggestion("https://lab.org/private/CANARY7f3a9c/feed.xml")
    assert str(refused.value) == (
        "https://lab.org/private/…/feed.xml looks like a private link, so I didn't pass it on. "
        "Suggest the paper by its arXiv ID, DOI or public page."
    )


def test_a_shared_document_keeps_its_link_and_its_title_hides_the_path() -> None:
    url = "https://docs.lab.org/d/1aB2cD3eF4gH5iJ6kL7mN8oP9qR0sT1uV2wX3yZ4/edit"
    _, draft = parse_suggestion(f"{url}?key=CANARY7f3a9c")
    assert draft.title == "docs.lab.org/d/…/edit"
    assert [link.url for link in draft.links] == [url]
