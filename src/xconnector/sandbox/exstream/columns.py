"""Values that stand in columns of a fixed width."""

from collections.abc import Iterator, Sequence

from xconnector.connectors.exstream.driver.column import ColumnarField
from xconnector.connectors.exstream.driver.columnar_driver import ColumnarRecord


def values_of(line: str, record: ColumnarRecord, place: int, *, in_bytes: bool) -> Sequence[str] | None:
    """Return a line's values without what fills their columns; None when it is no record of this kind."""
    widths = [field.width for field in record.fields]
    indicator = record.indicator
    at = min(place - 1, len(widths))
    if indicator is not None:
        # An indicator is as wide as it is long.
        widths.insert(at, len(indicator))
    values = list(_cut(line, widths, in_bytes=in_bytes))
    if indicator is not None and values.pop(at) != indicator:
        return None
    return [_bare(value, field) for value, field in zip(values, record.fields, strict=True)]


def _cut(line: str, widths: Sequence[int], *, in_bytes: bool) -> Iterator[str]:
    content, at = line.encode() if in_bytes else line, 0
    for width in widths:
        value = content[at : at + width]
        yield value.decode(errors="replace") if isinstance(value, bytes) else value
        at += width


def _bare(value: str, field: ColumnarField) -> str:
    if field.align == "left":
        return value.rstrip(field.pad)
    if field.pad != "0":
        return value.lstrip(field.pad)
    minus = "-" if value.startswith("-") else ""
    digits = value.removeprefix(minus)
    # The zero of a number such as 0.50 stays: without it there is no number.
    bare = digits.lstrip("0")
    return minus + (bare if bare[:1].isdigit() else f"0{bare}" if digits else "")
