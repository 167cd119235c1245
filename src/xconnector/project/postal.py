"""Names and postal addresses as they stand in an address window."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

# Where the postcode has a line of its own below the town, and where it stands behind the town on one line.
_POSTCODE_BELOW = frozenset({"GB", "IE", "GG", "JE", "IM"})
_POSTCODE_BEHIND = frozenset({"US", "CA", "AU", "NZ"})
# Where the state or province belongs to the town's line, as the code that `region` is: Boston MA, Roma RM.
_WITH_REGION = frozenset({"US", "CA", "AU", "IT"})
# Where letters arrive without a postcode (Universal Postal Union, addressing systems of its members).
# fmt: off
_WITHOUT_POSTCODE = frozenset({
    "AE", "AG", "AO", "BF", "BI", "BJ", "BS", "BW", "BZ", "CD", "CF", "CG", "CI", "CM", "DJ", "FJ", "GA", "GH", "GM",
    "GQ", "HK", "IE", "ML", "MO", "MR", "MW", "QA", "RW", "SC", "SL", "SR", "TD", "TG", "TO", "UG", "VU", "YE", "ZW",
})
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class _PostcodeForm:
    """How a country writes its postcodes: the groups of the pattern with something between them."""

    pattern: str
    between: str = " "
    digits: int = 0
    """Where a postcode is a number: how many digits it has."""
    prefix: str = "\0"
    """What people put in front, beside the country's code."""


_FIVE, _FOUR = _PostcodeForm(pattern=r"(\d{5})", digits=5), _PostcodeForm(pattern=r"(\d{4})", digits=4)
_THREE_AND_TWO = _PostcodeForm(pattern=r"(\d{3})(\d{2})")
_BRITISH = _PostcodeForm(pattern=r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})")
_FORMS: Mapping[str, _PostcodeForm] = {
    **dict.fromkeys(("ES", "FI", "FR", "IT", "HR", "EE", "TR", "MX"), _FIVE),
    **dict.fromkeys(("AU", "BE", "BG", "CH", "CY", "DK", "HU", "NO", "NZ", "SI"), _FOUR),
    **dict.fromkeys(("CZ", "GR", "SE", "SK"), _THREE_AND_TWO),
    **dict.fromkeys(("GB", "GG", "IM", "JE"), _BRITISH),
    "AT": _PostcodeForm(pattern=r"(\d{4})", digits=4, prefix="A"),
    "BR": _PostcodeForm(pattern=r"(\d{5})(\d{3})", between="-", digits=8),
    "CA": _PostcodeForm(pattern=r"([A-Z]\d[A-Z])(\d[A-Z]\d)"),
    "DE": _PostcodeForm(pattern=r"(\d{5})", digits=5, prefix="D"),
    "IE": _PostcodeForm(pattern=r"([A-Z]\d[\dW])([A-Z\d]{4})"),
    "JP": _PostcodeForm(pattern=r"(\d{3})(\d{4})", between="-", digits=7),
    "NL": _PostcodeForm(pattern=r"(\d{4})([A-Z]{2})"),
    "PL": _PostcodeForm(pattern=r"(\d{2})(\d{3})", between="-", digits=5),
    "PT": _PostcodeForm(pattern=r"(\d{4})(\d{3})", between="-", digits=7),
    "US": _PostcodeForm(pattern=r"(\d{5})(\d{4})?", between="-", digits=5),
}


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
    city = _with_region(_words(fields.get("city")), _words(fields.get("region")).upper(), country)
    town = _town(postcode_form(_words(fields.get("postcode")), country), city, country)
    abroad = (country_name(country).upper(),) if country != home_country and town else ()
    return tuple(filter(None, (*contact, *_lines(fields), *town, *abroad)))


def postcode_form(written: str, country: str) -> str:
    """Return a postcode as its country writes it (Universal Postal Union); what does not fit stays as it is."""
    form = _FORMS.get(country)
    if form is None:
        return written
    bare = re.sub(r"[\s-]", "", written.upper().removeprefix(f"{country}-").removeprefix(f"{form.prefix}-"))
    if len(bare) == form.digits - 1 and bare.isdecimal():
        # Tables of numbers lose the nought in front.
        bare = f"0{bare}"
    fitting = re.fullmatch(form.pattern, bare, re.ASCII)
    return form.between.join(part for part in fitting.groups() if part) if fitting else written


def _with_region(city: str, region: str, country: str) -> str:
    is_said = country not in _WITH_REGION or not region or not city or city.upper().endswith(f" {region}")
    return city if is_said else f"{city} {region}"


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
