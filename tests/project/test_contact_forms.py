"""One customer has one telephone number, however it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.project.contact_forms import country_code, email_address, phone_number, written_alike


@pytest.mark.parametrize(
    "written, country, number",
    [
        ("030 / 901820", "DE", "+4930901820"),
        ("+49 (0)30 901820", None, "+4930901820"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("020 7946 0958 ext. 12", "GB", "+442079460958"),
        ("+493012345", "US", "+493012345"),
        ("030 901820", None, None),
        ("12", "DE", None),
        ("call me", "DE", None),
        ("1" * 10_000, "DE", None),
    ],
)
def test_a_number_is_one_number_however_it_is_written(written: str, country: str | None, number: str | None) -> None:
    assert phone_number(written, country) == number


@pytest.mark.parametrize(
    "written, address",
    [
        ("Anna@Example.COM", "Anna@example.com"),
        ("m\u00fcller@B\u00fccher.example", "m\u00fcller@b\u00fccher.example"),
        ("anna@example.com", "anna@example.com"),
        ("a..b@example.com", None),
        ("anna@localhost", None),
        (f"{'a' * 65}@example.com", None),
        ("a" * 10_000, None),
    ],
)
def test_the_domain_of_an_address_has_small_letters(written: str, address: str | None) -> None:
    assert email_address(written) == address


@pytest.mark.parametrize(
    "written, code",
    [("DE", "DE"), ("de", "DE"), ("DEU", "DE"), ("Germany", "DE"), ("Deutschland", None), ("EU", None), ("", None)],
)
def test_a_country_has_a_code(written: str, code: str | None) -> None:
    assert country_code(written) == code


def test_a_country_is_known_by_its_name_in_the_languages_that_are_asked_for() -> None:
    assert country_code("\u00d6sterreich", ("en", "de")) == "AT"


def test_what_a_source_says_of_a_customer_is_written_alike() -> None:
    said = {"mobile": "0151 23456789", "email": " Anna@Example.COM", "country": "DEU", "city": "Berlin"}

    assert written_alike(said, "US") == {
        "mobile": "+4915123456789",
        "email": "Anna@example.com",
        "country": "DE",
        "city": "Berlin",
    }
    assert written_alike({"mobile": "(415) 555-2671"}, "US") == {"mobile": "+14155552671"}


def test_what_cannot_be_read_stays_as_it_was_said() -> None:
    said = {"mobile": "ask his wife", "email": "none", "country": "Elbonia", "postcode": 10115}

    assert written_alike(said, "DE") == said


TOLD = st.none() | st.text(max_size=30) | st.integers() | st.lists(st.text(max_size=3), max_size=2)


@given(
    said=st.dictionaries(st.sampled_from(["mobile", "email", "country", "city"]), TOLD),
    home=st.sampled_from(["DE", "US", "CH"]),
)
def test_what_is_written_alike_stays_so(said: dict[str, object], home: str) -> None:
    once = written_alike(said, home)

    assert written_alike(once, home) == once
    assert once.keys() == said.keys()


@given(digits=st.from_regex(r"\+?[0-9 ()/-]{3,25}", fullmatch=True), country=st.sampled_from(["DE", "US", "GB", "IT"]))
def test_a_number_in_its_one_form_is_the_same_anywhere(digits: str, country: str) -> None:
    number = phone_number(digits, country)

    if number is not None:
        assert all(phone_number(number, elsewhere) == number for elsewhere in ("DE", "US", None))
