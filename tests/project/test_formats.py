from datetime import date
from decimal import Decimal

import pytest
from babel.numbers import format_currency, format_decimal
from hypothesis import given
from hypothesis import strategies as st

from xconnector.project.formats import formats_for, home_of, is_country, is_currency, is_language

LANGUAGES = ("de", "en", "fr", "es", "it", "pl", "pt", "nl", "hi", "ar", "ja")
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**13), max_value=10**13)


@given(AMOUNTS, st.sampled_from(LANGUAGES), st.sampled_from(["EUR", "CHF", "USD", "JPY", "KWD"]))
def test_amounts_read_as_babel_writes_them(amount: Decimal, language: str, currency: str) -> None:
    plain = Decimal(f"{amount.normalize():f}")

    assert formats_for(language, language, "XX").money(amount, currency) == format_currency(
        plain, currency, locale="en_GB" if language == "en" else language, decimal_quantization=False
    )


@given(AMOUNTS, st.sampled_from(LANGUAGES))
def test_numbers_read_as_babel_writes_them(number: Decimal, language: str) -> None:
    plain = Decimal(f"{number.normalize():f}")

    assert formats_for(language, language, "XX").number(number) == format_decimal(
        plain, locale="en_GB" if language == "en" else language, decimal_quantization=False
    )


@pytest.mark.parametrize(
    "language, home, text",
    [
        ("de", "DE", "1.234,50\xa0€"),
        ("de", "CH", "EUR\xa01’234.50"),
        ("fr", "FR", "1\u202f234,50\xa0€"),
        ("en", "DE", "€1,234.50"),
    ],
)
def test_the_senders_own_language_is_written_as_in_the_senders_country(language: str, home: str, text: str) -> None:
    assert formats_for(language, language if home != "DE" else "de", home).money(Decimal("1234.5"), "EUR") == text


def test_nothing_is_rounded_away() -> None:
    formats = formats_for("de", "de", "DE")

    assert formats.money(Decimal("0.012500"), "EUR") == "0,0125\xa0€"
    assert formats.money(Decimal(3), "EUR") == "3,00\xa0€"
    assert formats.number(Decimal("2.50000")) == "2,5"
    assert formats.number(Decimal(100)) == "100"


@pytest.mark.parametrize(
    "language, home, text",
    [("de", "DE", "1. Dezember 2026"), ("en", "DE", "1 December 2026"), ("en", "US", "December 1, 2026")],
)
def test_dates_have_their_month_in_words(language: str, home: str, text: str) -> None:
    assert formats_for(language, "de" if home == "DE" else "en", home).date(date(2026, 12, 1)) == text


def test_codes_are_known() -> None:
    assert is_language("de")
    assert not is_language("xx")
    assert not is_language("DE")
    assert is_currency("CHF")
    assert not is_currency("EUX")
    assert is_country("CH")
    assert not is_country("XY")
    assert (home_of("de"), home_of("fr"), home_of("en")) == ("DE", "FR", "US")
