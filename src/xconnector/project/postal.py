"""Names and postal addresses as they stand in an address window."""

from collections.abc import Callable, Mapping
from typing import Any, cast

# Where the postcode has a line of its own below the town, and where it stands behind the town on one line.
_POSTCODE_BELOW = frozenset({"GB", "IE", "GG", "JE", "IM"})
_POSTCODE_BEHIND = frozenset({"US", "CA", "AU", "NZ"})
# Where letters arrive without a postcode (Universal Postal Union, addressing systems of its members).
# fmt: off
_WITHOUT_POSTCODE = frozenset({
    "AE", "AG", "AO", "BF", "BI", "BJ", "BS", "BW", "BZ", "CD", "CF", "CG", "CI", "CM", "DJ", "FJ", "GA", "GH", "GM",
    "GQ", "HK", "IE", "ML", "MO", "MR", "MW", "QA", "RW", "SC", "SL", "SR", "TD", "TG", "TO", "UG", "VU", "YE", "ZW",
})
# fmt: on


def person_name(fields: Mapping[str, Any]) -> str:
    """Return title, first and last name, or nothing where there is no last name."""
    last_name = _words(fields.get("last_name"))
    if not last_name:
        return ""
    words = [_words(fields.get("title")), _words(fields.get("first_name")), last_name]
    return " ".join([word for word in words if word])


def recipient_name(fields: Mapping[str, Any]) -> str:
    """Return the company, else the person; nothing where neither is known."""
    return _words(fields.get("company")) or person_name(fields)


def has_address(fields: Mapping[str, Any]) -> bool:
    """Say whether a letter would find its way: by street or box, town, and a postcode where the country has them."""
    needs_postcode = _words(fields.get("country")).upper() not in _WITHOUT_POSTCODE
    has_postcode = bool(_words(fields.get("postcode"))) or not needs_postcode
    return has_postcode and bool(_lines(fields)) and bool(_words(fields.get("city")))


def postal_lines(fields: Mapping[str, Any], home_country: str, country_name: Callable[[str], str]) -> tuple[str, ...]:
    """Return the lines below the name; the country stands last, in capitals, where it is abroad.

    `country_name` gives a country's name in the sender's language, as the sender's post wants it.
    """
    contact = (person_name(fields),) if _words(fields.get("company")) else ()
    country = _words(fields.get("country")).upper() or home_country
    town = _town(_words(fields.get("postcode")), _words(fields.get("city")), country)
    abroad = (country_name(country).upper(),) if country != home_country and town else ()
    return tuple(filter(None, (*contact, *_lines(fields), *town, *abroad)))


def _town(postcode: str, city: str, country: str) -> tuple[str, ...]:
    if country in _POSTCODE_BELOW:
        return tuple(filter(None, (city, postcode)))
    parts = (city, postcode) if country in _POSTCODE_BEHIND else (postcode, city)
    town = " ".join(filter(None, parts))
    return (town,) if town else ()


def _lines(fields: Mapping[str, Any]) -> tuple[str, ...]:
    given = fields.get("address_lines")
    lines = cast("list[object]", given) if isinstance(given, list) else []
    return tuple(filter(None, map(_words, lines)))


def _words(value: object) -> str:
    """Return text on one line, whatever white space it came with."""
    return " ".join(value.split()) if isinstance(value, str) else ""
