"""One way of writing telephone numbers, e-mail addresses and countries, so that one customer has one of each."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

import phonenumbers
from babel import Locale
from babel.core import get_global
from babel.localedata import locale_identifiers
from email_validator import EmailNotValidError, validate_email

_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_PLAIN_EMAIL = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@([a-z0-9]+(-[a-z0-9]+)*\.)+[a-z]{2,24}", re.ASCII)
_LONGEST = 320
"""Characters of an e-mail address: 64 before the @, 255 behind it (RFC 5321, section 4.5.3.1)."""
_LONGEST_LOCAL_PART = 64


def phone_number(written: str, country: str | None) -> str | None:
    """Return a telephone number as E.164 wants it, such as +493012345; None where it is no possible number.

    Args:
        written: the number as people write it.
        country: ISO 3166-1 alpha-2, for numbers without a country's prefix; None reads only those with one.
    """
    if _E164.fullmatch(written):
        return written
    if len(written) > _LONGEST:
        return None
    try:
        number = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        return None
    # The extension is no part of what can be called from outside.
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email_address(written: str) -> str | None:
    """Return an address with its domain in small letters and in the form NFC; None where it can be no address.

    Nobody is asked whether it exists (RFC 5321 and 6531, by the library email-validator).
    """
    is_plain = len(written) <= _LONGEST and _PLAIN_EMAIL.fullmatch(written) is not None
    if is_plain and written.index("@") <= _LONGEST_LOCAL_PART:
        return written
    if len(written) > _LONGEST:
        return None
    try:
        return validate_email(written, check_deliverability=False, strict=True).normalized
    except EmailNotValidError:
        return None


@lru_cache(maxsize=1024)
def country_code(written: str, languages: tuple[str, ...] = ("en",)) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of a country; None where no country is called so.

    Args:
        written: the code of two or three letters, or the name in one of the languages.
        languages: ISO 639-1 codes.
    """
    upper = written.strip().upper()
    if upper in _TERRITORIES:
        return upper
    replaced = get_global("territory_aliases").get(upper, ())
    if len(replaced) == 1 and replaced[0] in _TERRITORIES:
        return str(replaced[0])
    return next((code for language in languages if (code := _names(language).get(written.strip().casefold()))), None)


def is_language(code: str) -> bool:
    """Say whether names of countries are known in this language, by its ISO 639-1 code."""
    return code in locale_identifiers()


_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
"""Codes of CLDR that stand for groups, tests, and what is unknown."""
_CODE = re.compile("[A-Z]{2}", re.ASCII)


@lru_cache(maxsize=32)
def _names(language: str) -> Mapping[str, str]:
    """Return the codes of countries by their names in a language, in small letters."""
    named = cast("Mapping[str, str]", Locale(language).territories)
    codes = [code for code in named if _CODE.fullmatch(code) and code not in _NO_COUNTRIES]
    return {named[code].casefold(): code for code in codes}


_TERRITORIES = frozenset(_names("en").values())


def written_alike(fields: Mapping[str, Any], home_country: str | None) -> Mapping[str, Any]:
    """Return golden-record fields with telephone number, e-mail address and country in their one form.

    What cannot be read stays as it was said: whoever sends to it finds out and tells.

    Args:
        fields: what a source says of a customer.
        home_country: ISO 3166-1 alpha-2, for numbers of customers whose country is not said; None reads only those with
            a country's prefix.
    """
    changed: dict[str, Any] = {}
    country = fields.get("country")
    if isinstance(country, str) and country and (code := country_code(country)) not in {None, country}:
        changed["country"] = country = code
    mobile, email = fields.get("mobile"), fields.get("email")
    region = country if isinstance(country, str) and country in _TERRITORIES else home_country
    if isinstance(mobile, str) and (number := phone_number(mobile, region)) not in {None, mobile}:
        changed["mobile"] = number
    if isinstance(email, str) and (address := email_address(email.strip())) not in {None, email}:
        changed["email"] = address
    return {**fields, **changed} if changed else fields
