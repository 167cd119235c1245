"""A value in columns of a fixed width."""

from collections.abc import Callable
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from xconnector.connectors.exstream.driver.charset import Charset
from xconnector.connectors.exstream.driver.line_text import Tidy, is_notable
from xconnector.connectors.exstream.driver.refusal import RefusedError
from xconnector.connectors.exstream.driver.value import Text, Value, look_of, plain_text
from xconnector.domain.strict_json import Json

_Fit: TypeAlias = Callable[[str, int], str]
"""Makes text fit its columns, given how wide it is."""


class ColumnarField(Value):
    """A value in columns of its own."""

    width: Annotated[int, Field(ge=1, le=32_000)]
    """So many columns."""
    align: Literal["left", "right"] = "left"
    """Where a shorter value stands."""
    pad: Annotated[str, StringConstraints(min_length=1, max_length=1, pattern=r"^[^\x00-\x1f\x7f-\x9f]$")] = " "
    """What fills the rest; a number that is padded with 0 on its left keeps its minus in front."""
    cut: bool = False
    """Cut the end off a value that is too wide; otherwise its customer is refused."""

    @model_validator(mode="after")
    def _numbers_stay_whole(self) -> Self:
        if self.cut and (self.decimals is not None or self.date is not None):
            raise ValueError("`cut` would make another number or date of it: widen its columns")
        return self

    @property
    def is_kept_whole(self) -> bool:
        return super().is_kept_whole and not self.cut


def column_text(field: ColumnarField, within: str, tidy: Tidy, counted: Charset | None) -> Text:
    """Return what writes a value into its columns.

    Args:
        field: the value.
        within: path of the items that it starts from, as a refusal calls them.
        tidy: what may stand on a line.
        counted: the encoding in which a width counts bytes; None where it counts characters.
    """
    look, name, width = look_of(field, within), field.name_in(within), field.width
    fit = _fit_of(field, name, counted)

    # Called for every value there is: what nearly all of them are is told apart here, without a call.
    def text(item: Json, root: Json) -> str:
        found = look(item, root)
        if type(found) is not str:
            found = plain_text(found, name)
        if is_notable(found) is not None:
            found = tidy(found, name)
        size = len(found) if counted is None or found.isascii() else _size(found, name, counted)
        return found if size == width else fit(found, size)

    return text


def _fit_of(field: ColumnarField, name: str, counted: Charset | None) -> _Fit:
    fill, width, pad, is_left = _fill_of(field), field.width, field.pad, field.align == "left"

    def fit(found: str, size: int) -> str:
        if size < width:
            return found + pad * (width - size) if is_left else fill(found, width - size)
        if not field.cut:
            raise RefusedError(name, f"is wider than its {width} columns: widen them, or write `cut: true`")
        kept = found[:width] if counted is None else _cut_to(found, width, counted)
        short = width - (width if counted is None else len(counted.encode(kept)))
        return fill(kept, short) if short else kept

    return fit


def _fill_of(field: ColumnarField) -> _Fit:
    pad = field.pad
    if field.align == "left":
        return lambda found, missing: found + pad * missing
    if pad == "0":
        return _zeros_behind_the_minus
    return lambda found, missing: pad * missing + found


def _zeros_behind_the_minus(found: str, missing: int) -> str:
    return f"-{'0' * missing}{found[1:]}" if found.startswith("-") else "0" * missing + found


def _cut_to(text: str, width: int, counted: Charset) -> str:
    """Return the longest beginning that has so many bytes at most: no character is cut."""
    kept = text[:width]
    while len(counted.encode(kept)) > width:
        kept = kept[:-1]
    return kept


def _size(text: str, name: str, counted: Charset) -> int:
    try:
        return len(counted.encode(text))
    except UnicodeEncodeError:
        raise RefusedError(name, f"has a character that the encoding {counted.name} lacks") from None
