"""Amounts, numbers and dates as a reader of a language expects them, by CLDR through Babel.

Babel formats one amount in about 25 µs; letters hold hundreds. So the common case is prepared once
per locale and currency, and proven against Babel before it is used: where the two ever differ,
Babel's answer is given.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import cast

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_date
from babel.numbers import (
    format_currency,
    format_decimal,
    get_currency_precision,
    get_decimal_symbol,
    get_group_symbol,
)

_PROBES = tuple(
    Decimal(probe)
    for probe in ("0", "1", "-1", "0.5", "12.3", "999", "1000", "-1000", "9999", "12345.6", "-1234567", "987654321012")
)
_AMERICAN = frozenset({"US", "CA", "PH", "PR"})


class Formats:
    """How one locale writes. Get it from `formats_for`."""

    def __init__(self, locale: Locale) -> None:
        self._locale = locale
        self._money: dict[str, Callable[[Decimal], str]] = {}
        self.number = cache_of(_number_style(locale))

    def money(self, amount: Decimal, currency: str) -> str:
        """Return the amount with its currency and all its decimals: nothing is rounded away."""
        style = self._money.get(currency)
        if style is None:
            style = self._money[currency] = _money_style(self._locale, currency)
        return style(amount)

    def date(self, day: date) -> str:
        """Return the day with its month in words."""
        return _date_text(day, self._locale)

    def country(self, code: str) -> str:
        """Return the name of a country, or the code where CLDR knows none."""
        return cast("dict[str, str]", self._locale.territories).get(code, code)


@cache
def formats_for(language: str, home_language: str, home_country: str) -> Formats:
    """Return how a reader of `language` expects things from a sender in `home_country`.

    The sender's own language is written as in the sender's country; English from outside America as in Britain.
    """
    if language == home_language and _exists(f"{language}_{home_country}"):
        return Formats(Locale.parse(f"{language}_{home_country}"))
    if language == "en" and home_country not in _AMERICAN:
        return Formats(Locale.parse("en_GB"))
    return Formats(Locale.parse(language))


def home_of(language: str) -> str:
    """Return the country that CLDR first thinks of when it hears a language, such as DE for de."""
    likely = get_global("likely_subtags").get(language, "")
    return next((part for part in str(likely).split("_") if len(part) == 2 and part.isupper()), "")  # noqa: PLR2004 - ISO 3166-1


def is_language(code: str) -> bool:
    """Say whether a two-letter code is a language that can be formatted for."""
    return len(code) == 2 and code.isascii() and code.islower() and _exists(code)  # noqa: PLR2004 - ISO 639-1


def is_currency(code: str) -> bool:
    """Say whether a code is a currency in use or one that was."""
    return code in Locale("en").currencies


def is_country(code: str) -> bool:
    """Say whether a two-letter code is a country."""
    return len(code) == 2 and code.isalpha() and code in Locale("en").territories  # noqa: PLR2004 - ISO 3166-1


@cache
def _exists(name: str) -> bool:
    try:
        Locale.parse(name)
    except (UnknownLocaleError, ValueError):
        return False
    return True


def cache_of(style: Callable[[Decimal], str]) -> Callable[[Decimal], str]:
    """Remember the texts of the numbers that come again and again, such as quantities."""
    return lru_cache(maxsize=4096)(style)


@lru_cache(maxsize=4096)
def _date_text(day: date, locale: Locale) -> str:
    return format_date(day, "long", locale=locale)


def _number_style(locale: Locale) -> Callable[[Decimal], str]:
    def by_babel(number: Decimal) -> str:
        # Zeros at the end of a quantity say nothing; `f` keeps 100 from becoming 1E+2.
        return format_decimal(Decimal(f"{number.normalize():f}"), locale=locale, decimal_quantization=False)

    return by_babel


def _money_style(locale: Locale, currency: str) -> Callable[[Decimal], str]:
    digits = get_currency_precision(currency)

    def by_babel(amount: Decimal) -> str:
        return format_currency(Decimal(f"{amount.normalize():f}"), currency, locale=locale, decimal_quantization=False)

    prepared = _prepared(by_babel, locale, digits)
    if prepared is None or any(prepared(probe) != by_babel(probe) for probe in _PROBES if _fits(probe, digits)):
        return by_babel
    return lambda amount: prepared(amount) if _fits(amount, digits) else by_babel(amount)


def _fits(amount: Decimal, digits: int) -> bool:
    exponent = amount.normalize().as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= digits


def _prepared(by_babel: Callable[[Decimal], str], locale: Locale, digits: int) -> Callable[[Decimal], str] | None:
    """Return the style as signs around a grouped number, where it can be had that simply."""
    point, group = get_decimal_symbol(locale), get_group_symbol(locale)
    one = f"1{point}{'0' * digits}" if digits else "1"
    plus, minus = by_babel(Decimal(1)).split(one), by_babel(Decimal(-1)).split(one)
    if len(plus) != 2 or len(minus) != 2:  # noqa: PLR2004 - what stands before and behind the number
        return None
    signs = str.maketrans({",": group, ".": point})

    def style(amount: Decimal) -> str:
        before, behind = minus if amount < 0 else plus
        return f"{before}{f'{abs(amount):,.{digits}f}'.translate(signs)}{behind}"

    return style
