"""One value of a driver: where it stands in the data of a communication, and how it is written."""

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Annotated, Literal, Self, TypeAlias, cast

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from xconnector.connectors.exstream.driver.date_pattern import date_writer, read_date_pattern
from xconnector.connectors.exstream.driver.refusal import RefusedError
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.record_path import parse_path
from xconnector.domain.strict_json import Json

Look: TypeAlias = Callable[[Json, Json], Json]
"""Finds a value, from an item and the top of the data. Raises PathError, or RefusedError naming the path."""
Text: TypeAlias = Callable[[Json, Json], str]
"""Finds a value as text; nothing is the empty text. Raises as Look does."""

_ROUNDING = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}


def _well_formed(path: str) -> str:
    return parse_path(path).text


DataPath = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_well_formed)]
"""A path into the data of a communication, such as `data.premium.value` or `customer.address_lines[0]`."""


def from_path(value: object) -> object:
    """Take a bare path for a value that says no more than where it stands."""
    return {"path": value} if isinstance(value, str) else value


class Value(ConnectorSettings):
    """One value of a driver."""

    path: DataPath | None = None
    """Where it stands in the data of the communication, such as `data.premium.value`; inside `each` it starts
    from the item, and from the top with a leading `/`."""
    constant: str | int | float | bool | None = None
    """The same for everyone, in place of a path."""
    required: bool = False
    """Refuse a customer for whom there is nothing; otherwise it is written empty."""
    date: str | None = None
    """Pattern of a date or time whose value is like 2026-12-31: of YYYY, YY, MM, DD, DDD (day of the year), hh,
    mm, ss and what stands between them, such as `DD.MM.YYYY`."""
    decimals: Annotated[int, Field(ge=0, le=12)] | None = None
    """So many decimal places of a number."""
    decimal_sign: Literal[".", ",", "none"] = "."
    """Between a number's whole part and its `decimals`; `none` implies it, as COBOL's V does."""
    rounding: Literal["none", "half_up", "half_even"] = "none"
    """How a number with more decimal places is rounded; `none` refuses it."""
    words: Mapping[str, str] = {}
    """What is written for each value, such as `{true: Y, false: N}`; another value is refused."""

    @field_validator("date")
    @classmethod
    def _date_pattern(cls, date: str | None) -> str | None:
        if date is not None:
            read_date_pattern(date)
        return date

    @model_validator(mode="after")
    def _one_format(self) -> Self:
        if sum((self.date is not None, self.decimals is not None, bool(self.words))) > 1:
            raise ValueError("a value is written by one of `date`, `decimals` and `words`")
        if self.decimals is None and {"decimal_sign", "rounding"} & self.model_fields_set:
            raise ValueError("`decimal_sign` and `rounding` go with `decimals`")
        return self

    @property
    def has_format(self) -> bool:
        """Whether it is always written as text."""
        return self.date is not None or self.decimals is not None or bool(self.words)

    @property
    def is_kept_whole(self) -> bool:
        """Whether what stands there can be read back."""
        return not self.has_format

    def name_in(self, within: str) -> str:
        """Return what a refusal calls it: its path from the top, through the items around it."""
        return "a constant" if self.path is None else full_path(self.path, within)


def full_path(path: str, within: str) -> str:
    """Return a path from the top, of one that starts from the items around it."""
    if path.startswith("/"):
        return path[1:]
    if not within or path == ".":
        return within or path
    return f"{within}{path}" if path.startswith("[") else f"{within}.{path}"


def look_of(value: Value, within: str = "") -> Look:
    """Return what finds a value as it is, or as text where it has a format.

    `within` is the path of the items that it starts from, as a refusal calls them.
    """
    name = value.name_in(within)
    look = _found(value, name)
    if not value.has_format:
        return look
    write = _format_of(value, name)
    return lambda item, root: None if (found := look(item, root)) is None else write(found)


def text_of(value: Value, within: str = "") -> Text:
    """Return what finds a value as text; `within` as for `look_of`."""
    look, name = look_of(value, within), value.name_in(within)

    def text(item: Json, root: Json) -> str:
        found = look(item, root)
        return found if type(found) is str else plain_text(found, name)

    return text


def plain_text(value: Json, name: str) -> str:
    """Return a single value as text: nothing as the empty text, a number without exponent or needless zero.

    Raises RefusedError for a list or a group.
    """
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _plain_number(value, name)
        case dict():
            raise RefusedError(name, "is a group: name one of its values, such as .value or .text")
        case _:
            raise RefusedError(name, "is a list: name an item, such as [0], or write it under `each`")


def _plain_number(value: float, name: str) -> str:
    written = repr(value)
    if "e" in written:
        written = format(_finite(Decimal(written), name), "f")
    elif written[-1].isalpha():
        raise RefusedError(name, "is no finite number")
    return written.removesuffix(".0")


def _found(value: Value, name: str) -> Look:
    if value.path is None:
        constant = cast("Json", value.constant)
        return lambda _item, _root: constant
    walk = parse_path(value.path).walk
    if not value.required:
        return walk

    def look(item: Json, root: Json) -> Json:
        found = walk(item, root)
        if found is None or found in ("", []):
            raise RefusedError(name, "is missing, and the driver requires it")
        return found

    return look


def _format_of(value: Value, name: str) -> Callable[[Json], str]:
    if value.date is not None:
        return _date_format(value.date, name)
    if value.decimals is not None:
        return _number_format(value, value.decimals, name)
    return _word_format(value.words, name)


def _date_format(pattern: str, name: str) -> Callable[[Json], str]:
    write_date = date_writer(pattern)

    def write(found: Json) -> str:
        try:
            return write_date(plain_text(found, name))
        except ValueError as wrong:
            if isinstance(wrong, RefusedError):
                raise
            raise RefusedError(name, "is no date or time such as 2026-12-31") from None

    return write


def _number_format(value: Value, decimals: int, name: str) -> Callable[[Json], str]:
    rounding = _ROUNDING.get(value.rounding)
    sign = "" if value.decimal_sign == "none" else value.decimal_sign
    step = Decimal(1).scaleb(-decimals)

    def write(found: Json) -> str:
        if found == "":
            return ""
        number = _number(found, name)
        try:
            rounded = number.quantize(step, rounding=rounding)
        except InvalidOperation:
            raise RefusedError(name, "is too large a number") from None
        if rounding is None and rounded != number:
            raise RefusedError(name, f"has more than {decimals} decimal places: round it by `rounding`")
        # A rounded -0.001 is 0.00, not -0.00.
        return format(rounded or abs(rounded), "f").replace(".", sign)

    return write


def _number(found: Json, name: str) -> Decimal:
    if isinstance(found, bool):
        raise RefusedError(name, "is no number")
    text = found if isinstance(found, str) else plain_text(found, name)
    try:
        return _finite(Decimal(text), name)
    except InvalidOperation:
        raise RefusedError(name, "is no number") from None


def _finite(number: Decimal, name: str) -> Decimal:
    if not number.is_finite():
        raise RefusedError(name, "is no finite number")
    return number


def _word_format(words: Mapping[str, str], name: str) -> Callable[[Json], str]:
    def write(found: Json) -> str:
        word = words.get(plain_text(found, name))
        if word is None:
            raise RefusedError(name, "has a value for which `words` has no word")
        return word

    return write
