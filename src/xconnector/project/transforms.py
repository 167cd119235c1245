"""The closed set of transforms in mappings. On a list each works on every item."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial
from typing import TypeAlias

from xconnector.domain.record_path import items_of, scalar_of, text_of
from xconnector.domain.strict_json import Json
from xconnector.project.contact_forms import country_code, email_address, is_language, phone_number
from xconnector.project.data_contract import read_number
from xconnector.project.mapping_source import Transform, ValueProblemError

_ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:$|[T ].*|Z|[+-]\d{2}:\d{2})")
_TOKENS = re.compile(r"YYYY|YY|MM|DD|M|D|[^A-Za-z]|[A-Za-z]")
_PATTERNS = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<short>\d{2})",
    "MM": r"(?P<month>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{2})",
    "D": r"(?P<day>\d{1,2})",
}
# Two-digit years up to this far ahead of 2000 are of this century (POSIX strptime draws the same line).
_CENTURY_TURNS_AT = 69
_COUNTED = re.compile(r"-?\d{1,18}", re.ASCII)
_UNITS_A_DAY = {"days": 1, "seconds": 86_400, "milliseconds": 86_400_000, "microseconds": 86_400_000_000}
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST_DAY, _LAST_DAY = date.min.toordinal(), date.max.toordinal()
_GROUPING = re.compile("[\\s'\u2019\u00a0\u202f]")


class TransformSpellingError(ValueError):
    """A transform is not in the set, or its argument is wrong; the text says what to write."""


def parse_transform(spelled: Json) -> Transform:
    """Return the transform that a mapping spells: a word, or a word with its argument.

    Raises TransformSpellingError.
    """
    if isinstance(spelled, str):
        if spelled in _WORDS:
            return _WORDS[spelled]
        raise TransformSpellingError(f"{spelled!r} is no transform: use {', '.join(TRANSFORM_NAMES)}")
    if isinstance(spelled, dict) and len(spelled) == 1:
        [(name, argument)] = spelled.items()
        if name in _MAKERS:
            return _MAKERS[name](argument)
        raise TransformSpellingError(f"{name!r} is no transform: use {', '.join(TRANSFORM_NAMES)}")
    raise TransformSpellingError(
        "write a word such as `upper`, or one word with its argument such as {date: DD.MM.YYYY}"
    )


_OnText: TypeAlias = Callable[[str], Json]


def _each_text(change: _OnText, value: Json) -> Json:
    if isinstance(value, list):
        return [changed for one in value if (changed := _each_text(change, scalar_of(one))) is not None]
    text = text_of(value)
    if text is None:
        raise ValueProblemError("is a group of fields: name one of them")
    return change(text.strip())


def _on_text(change: _OnText) -> Transform:
    def transform(value: Json) -> Json:
        return change(value.strip()) if type(value) is str else _each_text(change, value)

    return transform


# ---------------------------------------------------------------------------- words


@lru_cache(maxsize=4096)
def _iso_date(text: str) -> Json:
    found = _ISO_DATE.fullmatch(text)
    if found is None or not _is_day(found[1]):
        raise ValueProblemError("is no date such as 2026-12-31")
    return found[1]


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _decimal(mark: str, text: str) -> Json:
    grouping = "," if mark == "." else "."
    plain = _GROUPING.sub("", text).replace(grouping, "").replace(mark, ".")
    # Some systems write the sign behind the number.
    plain = f"-{plain[:-1]}" if plain.endswith("-") else plain
    number = read_number(plain)
    if number is None:
        raise ValueProblemError(f"is no number with decimal mark {mark!r}")
    return f"{number:f}"


def _arithmetic(change: Callable[[Decimal], Decimal], text: str) -> Json:
    number = read_number(text)
    if number is None:
        raise ValueProblemError("is no number such as 1234.50")
    return f"{change(number):f}"


def _phone_from(country: str | None, text: str) -> Json:
    number = phone_number(text, country)
    if number is None:
        raise ValueProblemError(
            f"is no telephone number of {country}" if country else "is no number such as +493012345"
        )
    return number


def _email(text: str) -> Json:
    address = email_address(text)
    if address is None:
        raise ValueProblemError("is no e-mail address")
    return address


def _country_in(languages: tuple[str, ...], text: str) -> Json:
    code = country_code(text, languages)
    if code is None:
        raise ValueProblemError("is no country's code or name")
    return code


_WORDS: Mapping[str, Transform] = {
    "strip": _on_text(str.strip),
    "squeeze": _on_text(lambda text: " ".join(text.split())),
    "upper": _on_text(str.upper),
    "lower": _on_text(str.lower),
    "text": _on_text(str),
    "date": _on_text(_iso_date),
    "decimal": _on_text(partial(_decimal, ".")),
    "negate": _on_text(partial(_arithmetic, lambda number: -number)),
    "phone": _on_text(partial(_phone_from, None)),
    "email": _on_text(_email),
    "country": _on_text(partial(_country_in, ("en",))),
}


# ---------------------------------------------------------------------------- words with an argument


def _dates(argument: Json) -> Transform:
    formats = [_date_pattern(one) for one in _texts(argument, "date", "DD.MM.YYYY")]
    told = " or ".join(_texts(argument, "date", "DD.MM.YYYY"))

    def change(text: str) -> Json:
        for pattern in formats:
            found = pattern.fullmatch(text)
            if found is not None and _is_day(day := _spelled_day(found.groupdict())):
                return day
        raise ValueProblemError(f"is no date written as {told}")

    return _on_text(change)


def _date_pattern(spelled: str) -> re.Pattern[str]:
    tokens = _TOKENS.findall(spelled)
    kinds = sorted(token[0] for token in tokens if token in _PATTERNS)
    if kinds != ["D", "M", "Y"]:
        raise TransformSpellingError(f"date format {spelled!r}: write day, month and year once, as in DD.MM.YYYY")
    return re.compile("".join(_PATTERNS.get(token) or re.escape(token) for token in tokens), re.ASCII)


def _spelled_day(parts: Mapping[str, str]) -> str:
    if "year" in parts:
        year = int(parts["year"])
    else:
        short = int(parts["short"])
        year = short + (2000 if short < _CENTURY_TURNS_AT else 1900)
    return f"{year:04}-{int(parts['month']):02}-{int(parts['day']):02}"


def _epoch(argument: Json) -> Transform:
    units = _UNITS_A_DAY.get(argument) if isinstance(argument, str) else None
    if units is None:
        raise TransformSpellingError(f"write {{epoch: days}}, or one of {', '.join(_UNITS_A_DAY)}")

    def change(text: str) -> Json:
        if _COUNTED.fullmatch(text) is None:
            return _iso_date(text)
        days = int(text) // units
        if not _FIRST_DAY <= days + _EPOCH <= _LAST_DAY:
            raise ValueProblemError("is no day of the years 1 to 9999")
        return date.fromordinal(days + _EPOCH).isoformat()

    return _on_text(change)


def _decimal_mark(argument: Json) -> Transform:
    if not isinstance(argument, str) or argument not in {".", ","}:
        raise TransformSpellingError('write {decimal: ","} or {decimal: "."}')
    return _on_text(partial(_decimal, argument))


def _divide(argument: Json) -> Transform:
    divisor = read_number(argument)
    # Powers of ten keep every quotient exact.
    if divisor is None or divisor <= 0 or divisor.normalize().as_tuple().digits != (1,):
        raise TransformSpellingError("write {divide: 100}, or another power of ten")
    return _on_text(partial(_arithmetic, lambda number: number / divisor))


def _lookup(argument: Json) -> Transform:
    if not isinstance(argument, dict) or any(isinstance(value, (dict, list)) for value in argument.values()):
        raise TransformSpellingError('write {lookup: {M: Herr, F: Frau, "*": null}}')
    rest_is_known = "*" in argument
    known = dict(argument)
    rest = known.pop("*", None)

    def change(text: str) -> Json:
        if text in known:
            return known[text]
        if rest_is_known:
            return rest
        raise ValueProblemError('is not listed in `lookup`; "*" takes the rest')

    return _on_text(change)


def _blank(argument: Json) -> Transform:
    words = _texts(argument, "blank", "00000000")
    return _on_text(lambda text: None if text in words else text)


def _yes(argument: Json) -> Transform:
    words = {text for one in items_of(argument) if (text := text_of(one))}
    if not words:
        raise TransformSpellingError("write {yes: [Y, J, 1]}")
    return _on_text(lambda text: text in words)


def _prefix(argument: Json) -> Transform:
    words = _text(argument, "prefix", "DE-")
    return _on_text(lambda text: words + text)


def _suffix(argument: Json) -> Transform:
    words = _text(argument, "suffix", " %")
    return _on_text(lambda text: text + words)


def _after(argument: Json) -> Transform:
    mark = _text(argument, "after", "/")
    return _on_text(lambda text: text.rpartition(mark)[2])


def _before(argument: Json) -> Transform:
    mark = _text(argument, "before", "##")
    return _on_text(lambda text: text.partition(mark)[0])


def _phone(argument: Json) -> Transform:
    country = _text(argument, "phone", "DE")
    if country_code(country) != country:
        raise TransformSpellingError(
            "write {phone: DE}, the ISO code of the country that numbers without prefix are of"
        )
    return _on_text(partial(_phone_from, country))


def _country(argument: Json) -> Transform:
    languages = tuple(_texts(argument, "country", "de"))
    for language in languages:
        if not is_language(language):
            raise TransformSpellingError("write {country: de}, or a list of the languages that names are written in")
    return _on_text(partial(_country_in, languages))


def _split(argument: Json) -> Transform:
    mark = _text(argument, "split", ";")

    def change(value: Json) -> Json:
        text = text_of(value)
        if text is None:
            raise ValueProblemError("is no single text that could be split")
        return [part.strip() for part in text.split(mark) if part.strip()]

    return change


def _join(argument: Json) -> Transform:
    mark = _text(argument, "join", ", ")

    def change(value: Json) -> Json:
        parts = [text_of(one) for one in value] if isinstance(value, list) else [text_of(value)]
        return mark.join(part for part in parts if part)

    return change


def _text(argument: Json, name: str, example: str) -> str:
    if not isinstance(argument, str) or not argument:
        raise TransformSpellingError(f'write {{{name}: "{example}"}}')
    return argument


def _texts(argument: Json, name: str, example: str) -> Sequence[str]:
    return [_text(one, name, example) for one in (argument if isinstance(argument, list) else [argument])]


_MAKERS: Mapping[str, Callable[[Json], Transform]] = {
    "date": _dates,
    "epoch": _epoch,
    "decimal": _decimal_mark,
    "divide": _divide,
    "lookup": _lookup,
    "blank": _blank,
    "yes": _yes,
    "prefix": _prefix,
    "suffix": _suffix,
    "after": _after,
    "before": _before,
    "split": _split,
    "join": _join,
    "phone": _phone,
    "country": _country,
}
TRANSFORM_NAMES = tuple(sorted({*_WORDS, *_MAKERS}))
