"""How records look: which paths they have and of which kinds what stands there is. Never a value."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from xconnector.domain.strict_json import Json

MOST_PATHS = 500
"""Beyond these no new path is noted: names that are content would have no end."""
_MOST_LOOKED_AT = 5_000
"""Values of one record that are looked at."""
_LONGEST_PATH = 200


class Kind(StrEnum):
    """What stands at a path."""

    TEXT = "text"
    INTEGER = "whole number"
    NUMBER = "number"
    TRUTH = "true or false"
    NOTHING = "null"
    GROUP = "group"
    LIST = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordShape:
    """How some records look."""

    records: int
    paths: Mapping[str, Mapping[Kind, int]]
    """By path, in how many of the records something of each kind stands there; `[*]` is every item of a list."""

    def having(self, path: str) -> int:
        """Return how many records have something at a path, as far as kinds tell: the most of one kind."""
        return max(self.paths.get(path, {}).values(), default=0)

    def with_others(self, others: "RecordShape") -> "RecordShape":
        """Return how these and other records look together."""
        paths = {path: dict(kinds) for path, kinds in self.paths.items()}
        for path, kinds in others.paths.items():
            if path not in paths and len(paths) >= MOST_PATHS:
                continue
            known = paths.setdefault(path, {})
            for kind, number in kinds.items():
                known[kind] = known.get(kind, 0) + number
        return RecordShape(records=self.records + others.records, paths=paths)


def shape_of(records: Iterable[Mapping[str, object]]) -> RecordShape:
    """Return how records look."""
    number = 0
    paths: dict[str, dict[Kind, int]] = {}
    for record in records:
        number += 1
        # Several items of one list are one sight of its path.
        for path, kind in dict.fromkeys(_sights(cast("Json", record))):
            if path not in paths and len(paths) >= MOST_PATHS:
                continue
            kinds = paths.setdefault(path, {})
            kinds[kind] = kinds.get(kind, 0) + 1
    return RecordShape(records=number, paths=paths)


def _sights(record: Json) -> Iterator[tuple[str, Kind]]:
    waiting: list[tuple[str, Json]] = [("", record)]
    looked = 0
    while waiting and looked < _MOST_LOOKED_AT:
        path, value = waiting.pop()
        looked += 1
        if path:
            yield path[:_LONGEST_PATH], kind_of(value)
        if isinstance(value, dict):
            waiting += [(f"{path}.{name}" if path else name, inner) for name, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}[*]", inner) for inner in value[:_MOST_LOOKED_AT]]


def kind_of(value: Json) -> Kind:
    """Return of which kind a value is."""
    if isinstance(value, bool):
        return Kind.TRUTH
    if isinstance(value, float):
        return Kind.INTEGER if value.is_integer() else Kind.NUMBER
    return _KINDS[type(value)]


_KINDS: Mapping[type, Kind] = {
    str: Kind.TEXT,
    int: Kind.INTEGER,
    dict: Kind.GROUP,
    list: Kind.LIST,
    type(None): Kind.NOTHING,
}
