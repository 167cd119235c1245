"""Rows as the text of a `COPY … FROM STDIN` (PostgreSQL manual, page of COPY, «Text Format»).

Written column by column: what is the same in all rows, as time, batch and event are in a ledger, is spelled once.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache
from typing import Any, TypeAlias
from uuid import UUID

_Spelling: TypeAlias = Callable[[Any], str]


def as_text(rows: Sequence[Sequence[object]]) -> str | None:
    """Return the rows as text, None where a type is not known here."""
    columns: list[Iterable[str]] = []
    for column in zip(*rows, strict=True):
        spelled = _spelled(column)
        if spelled is None:
            return None
        columns.append(spelled)
    return "\n".join([*map("\t".join, zip(*columns, strict=True)), ""])


def _spelled(column: Sequence[object]) -> Sequence[str] | None:
    kinds = {*map(type, column)}
    spellings = {kind: spelling for kind in kinds if (spelling := _spelling_of(kind)) is not None}
    if spellings.keys() != kinds:
        return None
    if len({*map(id, column)}) == 1:
        first = column[0]
        return [spellings[type(first)](first)] * len(column)
    if len(spellings) == 1:
        [spelling] = spellings.values()
        return [*map(spelling, column)]
    return [spellings[type(value)](value) for value in column]


@cache
def _spelling_of(kind: type) -> _Spelling | None:
    return next((spelling for known, spelling in _SPELLINGS if issubclass(kind, known)), None)


def _text(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def _truth(value: bool) -> str:  # noqa: FBT001 - it is what it spells
    return "t" if value else "f"


def _hexadecimal(value: UUID) -> str:
    # Without hyphens it is made three times as fast.
    return value.hex


def _bytes(value: bytes) -> str:
    return f"\\\\x{value.hex()}"


def _moment(value: date) -> str:
    return value.isoformat()


def _nothing(_value: None) -> str:
    return "\\N"


_SPELLINGS: Sequence[tuple[type, _Spelling]] = (
    (str, _text),
    (bool, _truth),
    (int, int.__repr__),
    (UUID, _hexadecimal),
    (bytes, _bytes),
    (date, _moment),
    (type(None), _nothing),
)
