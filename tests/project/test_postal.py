from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.project.postal import has_address, person_name, postal_lines, postcode_form, recipient_name

ANNA: Mapping[str, Any] = {
    "title": "Dr.",
    "first_name": "Anna",
    "last_name": "Meyer",
    "address_lines": ["Hauptstr. 1"],
    "postcode": "10115",
    "city": "Berlin",
}
NAMES = {"GB": "Vereinigtes Königreich", "FR": "Frankreich", "US": "Vereinigte Staaten"}


def lines(**changes: object) -> tuple[str, ...]:
    return postal_lines({**ANNA, **changes}, "DE", lambda code: NAMES[code])


def test_a_person_is_addressed_by_title_and_names() -> None:
    assert recipient_name(ANNA) == "Dr. Anna Meyer"
    assert recipient_name({"last_name": " Meyer\n"}) == "Meyer"
    assert recipient_name({"first_name": "Anna"}) == ""


def test_a_company_stands_before_its_person() -> None:
    company = {**ANNA, "company": "Meyer GmbH"}

    assert recipient_name(company) == "Meyer GmbH"
    assert person_name(company) == "Dr. Anna Meyer"
    assert postal_lines(company, "DE", NAMES.__getitem__) == ("Dr. Anna Meyer", "Hauptstr. 1", "10115 Berlin")


@pytest.mark.parametrize(
    "changes, written",
    [
        ({}, ("Hauptstr. 1", "10115 Berlin")),
        ({"country": "DE"}, ("Hauptstr. 1", "10115 Berlin")),
        ({"country": "fr", "postcode": "75001", "city": "Paris"}, ("Hauptstr. 1", "75001 Paris", "FRANKREICH")),
        ({"country": "GB", "postcode": "SW1A 1AA", "city": "London"},
         ("Hauptstr. 1", "London", "SW1A 1AA", "VEREINIGTES KÖNIGREICH")),
        ({"country": "US", "postcode": "15239", "city": "Pittsburgh PA"},
         ("Hauptstr. 1", "Pittsburgh PA 15239", "VEREINIGTE STAATEN")),
        ({"country": "US", "postcode": "152391234", "city": "Pittsburgh", "region": "pa"},
         ("Hauptstr. 1", "Pittsburgh PA 15239-1234", "VEREINIGTE STAATEN")),
        ({"country": "US", "postcode": "15239", "city": "Pittsburgh PA", "region": "PA"},
         ("Hauptstr. 1", "Pittsburgh PA 15239", "VEREINIGTE STAATEN")),
        ({"region": "BE"}, ("Hauptstr. 1", "10115 Berlin")),
        ({"address_lines": ["  c/o  B ", "", None, "Str. 2"]}, ("c/o B", "Str. 2", "10115 Berlin")),
        ({"address_lines": None, "city": "", "postcode": None, "country": "FR"}, ()),
    ],
)  # fmt: skip
def test_an_address_is_written_as_its_post_wants_it(changes: Mapping[str, object], written: tuple[str, ...]) -> None:
    assert lines(**changes) == written


@pytest.mark.parametrize(
    "changes, whole",
    [
        ({}, True),
        ({"city": " "}, False),
        ({"address_lines": []}, False),
        ({"postcode": None}, False),
        ({"postcode": None, "country": "AE"}, True),
    ],
)
def test_an_address_is_whole_when_a_letter_would_find_its_way(changes: Mapping[str, object], whole: bool) -> None:
    assert has_address({**ANNA, **changes}) is whole


@pytest.mark.parametrize(
    "country, written, form",
    [
        ("DE", "1067", "01067"),
        ("DE", "D-80331", "80331"),
        ("DE", "DE-80331", "80331"),
        ("DE", "123", "123"),
        ("AT", "A-1010", "1010"),
        ("GB", "sw1a1aa", "SW1A 1AA"),
        ("GB", "M1 1AE", "M1 1AE"),
        ("CA", "k1a-0b1", "K1A 0B1"),
        ("NL", "1234ab", "1234 AB"),
        ("SE", "11455", "114 55"),
        ("PL", "00950", "00-950"),
        ("US", "2134", "02134"),
        ("US", "021341234", "02134-1234"),
        ("IE", "D02X285", "D02 X285"),
        ("DE", "somewhere", "somewhere"),
        ("VN", " 10 00", " 10 00"),
    ],
)
def test_a_postcode_has_the_form_of_its_country(country: str, written: str, form: str) -> None:
    assert postcode_form(written, country) == form
    assert postcode_form(form, country) == form


@given(written=st.text(max_size=12), country=st.sampled_from(["DE", "GB", "US", "NL", "PT", "XX"]))
def test_a_form_is_found_once_and_loses_no_letter_or_digit(written: str, country: str) -> None:
    form = postcode_form(written, country)

    assert postcode_form(form, country) == form
    kept = [sign for sign in form if sign.isalnum()]
    assert all(sign.upper() in kept or sign in kept for sign in written.lstrip(f"{country}- ") if sign.isdigit())
