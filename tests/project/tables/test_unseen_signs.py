"""Signs that nobody sees, and words that only look like others."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.project.tables.parsed import parse_table
from xconnector.domain.decision.table import DecisionTable, Output, Row
from xconnector.project.tables.files import table_bytes, understood

HEAD = "| row | when x | then route | note |\n|--|--|--|--|\n"


def told(when: str, note: str = "") -> list[str]:
    text = f"{HEAD}| R1 | {when} | print | {note} |\n| R2 | - | email | |\n"
    return [f"{one.message} → {one.remedy}" for one in parse_table("t", "t.md", text.encode())[1]]


@pytest.mark.parametrize(
    "sign, name",
    [
        ("\u200b", "U+200B ZERO WIDTH SPACE"),
        ("\u202e", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("\u00ad", "U+00AD SOFT HYPHEN"),
        ("\u2066", "U+2066 LEFT-TO-RIGHT ISOLATE"),
        ("\ue000", "U+E000 of private use, or not assigned"),
        ("\u0378", "U+0378 of private use, or not assigned"),
        ("\u3164", "U+3164 HANGUL FILLER"),
    ],
)
def test_a_sign_that_nobody_sees_is_told_by_its_name(sign: str, name: str) -> None:
    said = f"column 2 (when x): there is a sign that nobody sees: {name} → remove it, or write the cell anew"

    assert told(f"em{sign}ail") == [said]


@pytest.mark.parametrize(
    "word, said",
    [
        ("p\u0430per", "Cyrillic and Latin: U+0430 CYRILLIC SMALL LETTER A"),
        ("\u0391pril", "Greek and Latin: U+0391 GREEK CAPITAL LETTER ALPHA"),
    ],
)
def test_a_word_of_several_alphabets_is_told_with_the_letters_that_are_others(word: str, said: str) -> None:
    (only,) = told(word)

    assert only.startswith(f"column 2 (when x): the word {word!r} mixes letters of {said} → ")


def test_words_of_one_alphabet_each_may_stand_beside_one_another() -> None:
    assert told("Größe, бумага, χαρτί, 紙", "§ 7 and бумага, α-Wert, 5 µm") == []


@pytest.mark.parametrize("form", [".md", ".json", ".xlsx", ".dmn", ".jdm.json"])
@given(sign=st.characters(categories=["Cf", "Co"]))
def test_no_form_takes_a_sign_that_nobody_sees(form: str, sign: str) -> None:
    row = Row(id="R1", when=(), then={"route": f"print{sign}now"})
    table = DecisionTable(name="t", inputs=(), outputs=(Output(name="route"),), rows=(row,))

    found, wrong = understood("t", "t", table_bytes(table, form=form), form=form)

    assert found is None
    assert f"U+{ord(sign):04X}" in wrong[0].message
    assert unicodedata.name(sign, "of private use") in wrong[0].message
