"""Names in BibTeX's author fields."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.bibtex.names import read_names
from storage.names import affixes
from tests.support.linear_time import assert_takes_linear_time


# A group's name is followed by “*”, and an incomplete list by “+”.
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            r"Roe, Jane and \'{E}lie Tartin and \O{}ystein Bergly and \v{Z}eljko Horvin",
            "Jane Roe|Élie Tartin|Øystein Bergly|Željko Horvin",
        ),
        (
            r"{\'E}lie Tartin and {\v{Z}}eljko Horvin and {\O}ystein {B}ergly",
            "Élie Tartin|Željko Horvin|Øystein Bergly",
        ),
        (
            r"Mu\~{n}ares, Jos\'e and Pe\~nal, Carla and Jo\~ao Silvo",
            "José Muñares|Carla Peñal|João Silvo",
        ),
        (
            r"family=Quent, given=Tilo, prefix=de, useprefix=true and Roe, Ann",
            "Tilo de Quent|Ann Roe",
        ),
        (
            r"{family={Quent}, given={Tilo Max}, prefix={von der}} and Roe, Ann",
            "Tilo Max von der Quent|Ann Roe",
        ),
        (
            "Ibn Zaydan, Ali and ~Lu, Wen and Elie Dupond and Sukarno and Mary Ann Smithe, Jr.",
            "Ali Ibn Zaydan|Wen Lu|Elie Dupond|Sukarno|Mary Ann Smithe Jr.",
        ),
        (r"given=Jane, family=Roe, suffix=Jr. and Bo Lee", "Jane Roe Jr.|Bo Lee"),
        (r"{World Health Organization}", "World Health Organization*"),
        (r"{The ATLAS Collaboration} and Roe, Jane", "The ATLAS Collaboration*|Jane Roe"),
        (r"{Barnes and Noble, Inc.} and Roe, Jane", "Barnes and Noble, Inc.*|Jane Roe"),
        (r"{OpenAI} and Jane Roe", "OpenAI*|Jane Roe"),
        (r"{Barnes {\&} Noble} and {Acme \& Co}", "Barnes & Noble*|Acme & Co*"),
        (r"{Roe, Jane} and {Lee, Bo}", "Jane Roe|Bo Lee"),
        (r"{van der Berg}, Jan", "Jan van der Berg"),
        (r"{Garcia Marquez}, Maria Jose", "Maria Jose Garcia Marquez"),
        (r"de la {Cruz}, Mar{\'\i}a", "María de la Cruz"),
        (r"Poe, Jr., Carl M. and King III, Martin", "Carl M. Poe Jr.|Martin King III"),
        (r"Carl M. Poe, {Jr.}", "Carl M. Poe Jr."),
        (r"Mc{D}onald, {J}ane and O'{N}eil, Pat", "Jane McDonald|Pat O'Neil"),
        (r"M{\"u}ller, Hans and Mai, Karl", "Hans Müller|Karl Mai"),
        (r"M\"uller, Hans AND Mai, Karl", "Hans Müller|Karl Mai"),
        (r"Hans M\"{u}ller und Karl Mai", "Hans Müller|Karl Mai"),
        (r"Smith, John and et al.", "John Smith+"),
        (r"Smith, John et al.", "John Smith+"),
        (r"Smith, John and {others}", "John Smith+"),
        (r"Smith, John and others", "John Smith+"),
        (r"Smith, John and {et al.}", "John Smith+"),
        (r"Smith, John and {and others}", "John Smith+"),
        (r"John Smith, Jane Doe, Bo Lee", "John Smith|Jane Doe|Bo Lee"),
        (r"Smith, John; Doe, Jane", "John Smith|Jane Doe"),
        (r"John Smith \& Jane Doe", "John Smith|Jane Doe"),
        (r"{Jane Roe} and {van der Berg} and {J. A. Roe}", "Jane Roe|van der Berg|J. A. Roe"),
        (
            r"{Jan van der Berg} and {Google Brain} and {OpenAI}",
            "Jan van der Berg|Google Brain*|OpenAI*",
        ),
        (r"{{Max Planck}} and {Jane Roe Foundation}", "Max Planck*|Jane Roe Foundation*"),
        (r"Garcia Marquez, Maria Jose", "Maria Jose Garcia Marquez"),
        (r"Mei Donlan 0010 and Jane Roe 0001", "Mei Donlan 0010|Jane Roe 0001"),
        (r"Lin, Meilan and Lin, Meilan and Roe, Jane", "Meilan Lin|Meilan Lin|Jane Roe"),
        (r"A {", "A {"),
        (r"Roe}, Jane and {Lee, Bo", "Jane Roe}|Bo {Lee"),
        (r"Jean-Luc~Picard and Roe,~Jane", "Jean-Luc Picard|Jane Roe"),
        (r"\textsc{Roe}, Jane", "Jane Roe"),
        (r"王伟 and 李娜", "王伟|李娜"),
        (r"Jos{\'e} {\'A}lvarez-{N}u{\~n}ez and {\AA}sa {\"O}berg", "José Álvarez-Nuñez|Åsa Öberg"),
        (r"{Jane Roe}", "Jane Roe"),
        (r"{{World Health Organization}}", "World Health Organization*"),
        (r"Nguy{\~{\^e}}n, V{\u a}n An", "Văn An Nguyễn"),
        (
            r"{FOO Study Group} and Jane Roe and {the BAR Consortium}",
            "FOO Study Group*|Jane Roe|the BAR Consortium*",
        ),
        (r"{Department of Health and Human Services}", "Department of Health and Human Services*"),
        (r"Jane Roe and Bo Lee and", "Jane Roe|Bo Lee"),
        (r"and Jane Roe", "Jane Roe"),
        (r"Jane Roe and and Bo Lee", "Jane Roe|Bo Lee"),
        (r"Anderson, Sandy and Rand, Andy", "Sandy Anderson|Andy Rand"),
        ("Roe, Jane and\n   Lee, Bo  and\tPoe, Cy", "Jane Roe|Bo Lee|Cy Poe"),
        (r"Smith, John and Jones", "John Smith|Jones"),
        (r"Plato and Aristotle", "Plato|Aristotle"),
        (r"Fran\c cois Roe and Gr\'egoire {de l'Isle}", "François Roe|Grégoire de l'Isle"),
        (r"{王伟} and {李娜}", "王伟|李娜"),
    ],
)
def test_names_are_read_as_bibtex_and_people_write_them(source: str, expected: str) -> None:
    found = read_names(source)
    names = [
        f"{name}*" if name in found.collectives or affixes.is_collective(name) else name
        for name in found.names
    ]
    assert "|".join(names) + ("" if found.is_complete else "+") == expected


_ACCENTED = {
    r"\'e": "é", r"\'{E}": "É", r"{\'a}": "á", r"{\'{o}}": "ó", r"\`e": "è", r"\^o": "ô",
    r'\"u': "ü", r'{\"O}': "Ö", r'\"{a}': "ä", r"\~n": "ñ", r"\~{a}": "ã", r"{\~n}": "ñ",
    r"\c{c}": "ç", r"{\c C}": "Ç", r"\v{z}": "ž", r"{\v S}": "Š", r"\H{o}": "ő", r"\u{a}": "ă",
    r"\k{e}": "ę", r"\=u": "ū", r"\.z": "ż", r"\d{a}": "ạ", r"\r{a}": "å", r"{\aa}": "å",
    r"{\o}": "ø", r"\O{}": "Ø", r"{\l}": "ł", r"\L{}": "Ł", r"{\ss}": "ß", r"{\ae}": "æ",
    r"{\oe}": "œ", r"{\i}": "ı", r"{B}": "B", r"{M}": "M",
}  # fmt: skip
_LETTERS = st.sampled_from([*_ACCENTED.items(), *((letter, letter) for letter in "bdfghkmprtvw")])


def _word(letters: list[tuple[str, str]]) -> tuple[str, str]:
    """Joins letters to a name, which isn't all in capitals, as initials are."""
    source, text = (f"Ba{''.join(column)}" for column in zip(*letters, strict=True))
    return source, text


_WORDS = st.lists(_LETTERS, min_size=2, max_size=6).map(_word)
_ORDERS = ("{given} {family}", "{family}, {given}", "{{{family}}}, {given}", "{given} {{{family}}}")
_SEPARATORS = (" and ", "\n  and ", " AND ", "  and\t")


@given(
    people=st.lists(st.tuples(_WORDS, _WORDS, st.sampled_from(_ORDERS)), min_size=1, max_size=6),
    separator=st.sampled_from(_SEPARATORS),
)
def test_no_letter_and_no_author_is_lost(
    people: list[tuple[tuple[str, str], tuple[str, str], str]], separator: str
) -> None:
    source = separator.join(
        order.format(given=given[0], family=family[0]) for given, family, order in people
    )
    expected = tuple(f"{given[1]} {family[1]}" for given, family, _ in people)
    assert read_names(source).names == expected


@given(st.text())
def test_any_text_is_read(source: str) -> None:
    read_names(source)
    read_names(f"{{{source}}} and family={source}, given={{{source}")


@pytest.mark.parametrize(
    "piece",
    ["{", "}", "{a} ", "{a b} and ", "\\'", "and ", "family=a, ", "a, ", "{}", "\\v{", "y "],
)
def test_hostile_fields_take_linear_time(piece: str) -> None:
    assert_takes_linear_time(lambda size: read_names(f"A {piece * size}B"), 20_000)
