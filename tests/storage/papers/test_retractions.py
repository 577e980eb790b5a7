from __future__ import annotations

from storage.papers.retractions import is_retracted, retraction_note, with_retraction


def test_a_note_says_once_that_its_paper_is_retracted() -> None:
    retraction = retraction_note("10.1000/notice")
    note = with_retraction("Oral", retraction)
    assert note.startswith(retraction)
    assert note.endswith("Oral")
    assert is_retracted(note)
    assert not is_retracted("Oral")
    assert with_retraction(note, retraction) == note
    assert with_retraction("", retraction) == retraction
