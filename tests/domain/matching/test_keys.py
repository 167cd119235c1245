import math
import unicodedata
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.matching.keys import KeyRule, MatchingRules, comparable

RULES = MatchingRules(
    rules=[KeyRule(fields=("tax_id",)), KeyRule(fields=("email", "birth_date"))],
    unless_differ=["birth_date"],
    ignore={"email": frozenset({"no-reply@x.test"})},
)
NOTHING = [
    *(None, "", "  ", "\u00a0", "null", "NULL", "None", "nan", "NaN", "n/a", "N/A", "-", "--", "...", "?", "unknown"),
    *("0", "00000", "000-000", "999999999", "xxxx", math.nan, math.inf, Decimal("NaN"), True, False),
    *({}, {"a": 1}, [], [None]),
]  # fmt: skip


@pytest.mark.parametrize("field", ["tax_id", "email", "birth_date", "mobile", "last_name", "postcode", "address_lines"])
@pytest.mark.parametrize("value", NOTHING, ids=repr)
def test_what_says_nothing_makes_no_key(field: str, value: object) -> None:
    assert comparable(field, value) is None


@given(
    said=st.dictionaries(
        st.sampled_from(["tax_id", "email", "birth_date", "last_name"]), st.sampled_from(NOTHING), max_size=4
    )
)
def test_who_says_nothing_has_no_key_under_any_rule(said: dict[str, object]) -> None:
    assert RULES.keys(RULES.values(said)) == [None, None]


@pytest.mark.parametrize(
    "field, one, other",
    [
        ("email", " Anna@X.test", "anna@x.TEST "),
        ("birth_date", "1980-02-29", date(1980, 2, 29)),
        ("birth_date", "1980-02-29T00:00:00Z", "1980-02-29"),
        ("mobile", "+49 170 / 123456", "0049170123456"),
        ("last_name", "Müller-Lüdenscheidt", "MUELLER LUEDENSCHEIDT"),
        ("last_name", "Straße", "STRASSE"),
        ("last_name", "Zoé", "zoe"),
        ("postcode", 10115.0, "10115"),
        ("tax_id", "12/345/67890", "1234567890"),
        ("address_lines", ["Hauptstr. 1"], "hauptstr 1"),
    ],
)
def test_the_same_is_the_same_text(field: str, one: object, other: object) -> None:
    assert comparable(field, one) == comparable(field, other) is not None


@pytest.mark.parametrize(
    "field, value",
    [
        ("email", "anna"), ("email", "@x.test"), ("email", "a b@x.test"), ("email", "anna@localhost"),
        ("birth_date", "1900-01-01"), ("birth_date", "9999-12-31"), ("birth_date", "1980-02-30"),
        ("birth_date", "02.03.80"),
        ("mobile", "110"), ("mobile", "0000000000"), ("last_name", "x" * 501),
    ],
)  # fmt: skip
def test_what_cannot_be_right_makes_no_key(field: str, value: object) -> None:
    assert comparable(field, value) is None


@pytest.mark.parametrize(
    "one, other", [("राम", "रमा"), ("がき", "かき"), ("Αθήνα", "Αθηνα"), ("Йорк", "Иорк"), ("Zoé", "Zoe")]
)
def test_marks_count_but_for_accents_of_latin_greek_and_cyrillic(one: str, other: str) -> None:
    is_accented = unicodedata.name(one[0]).startswith(("LATIN", "GREEK", "CYRILLIC"))

    assert (comparable("last_name", one) == comparable("last_name", other)) is is_accented


@pytest.mark.parametrize("box", ["null", "noemail", "no-email", "No.Email", "n/a", "unknown", "keine", "nan"])
def test_a_mailbox_that_stands_for_none_makes_no_key(box: str) -> None:
    assert comparable("email", f"{box}@x.test") is None
    assert comparable("email", "0@x.test") == "0@x.test"


@pytest.mark.parametrize("nothing", ["Not-Available", "not_known", "NotGiven", "xx", "--aa--"])
def test_nothing_in_other_spellings_makes_no_key(nothing: str) -> None:
    assert comparable("last_name", nothing) is None


def test_a_key_needs_every_field_of_its_rule_and_no_ignored_value() -> None:
    assert RULES.keys(RULES.values({"email": "a@x.test", "birth_date": "1980-01-02"})) == [
        None,
        ("a@x.test", "1980-01-02"),
    ]
    assert RULES.keys(RULES.values({"email": "a@x.test"})) == [None, None]
    assert RULES.keys(RULES.values({"email": "No-Reply@x.test", "birth_date": "1980-01-02"})) == [None, None]


@given(value=st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.lists(st.text(), max_size=2), st.dates()))
def test_whatever_a_source_gives_is_spelled_or_says_nothing(value: object) -> None:
    for field in ("email", "birth_date", "mobile", "last_name"):
        spelled = comparable(field, value)
        assert spelled is None or (spelled and spelled == spelled.strip())
