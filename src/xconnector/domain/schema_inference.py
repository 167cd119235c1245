"""A first schema from records: what all of them have is required, and of every place the kinds that stood there.

No value goes into the schema: no list of values, no bounds. People add what they know.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from xconnector.domain.strict_json import Json

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MOST_NAMES = 64
"""A group with more names than these, none of which stands in every one, has content for names."""
_LONGEST_LIST = 1_000
"""Items of one list that are looked at."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})", re.ASCII)
_AMOUNT = re.compile(r"-?[0-9]+(?:[.][0-9]+)?", re.ASCII)
_AMOUNT_PATTERN = "^-?[0-9]+([.][0-9]+)?$"


def infer_schema(records: Iterable[Mapping[str, object]]) -> dict[str, Any]:
    """Return a schema that every one of these records keeps."""
    seen = _Seen()
    for record in records:
        seen.look(cast("Json", record))
    return {"$schema": DIALECT, **seen.schema()}


@dataclass(slots=True)
class _Texts:
    """What all texts at a place have in common."""

    dates: bool = True
    moments: bool = True
    amounts: bool = True
    has_fraction: bool = False

    def look(self, text: str) -> None:
        self.dates = self.dates and _is_date(text)
        self.moments = self.moments and _is_moment(text)
        self.amounts = self.amounts and _AMOUNT.fullmatch(text) is not None
        self.has_fraction = self.has_fraction or "." in text

    def schema(self) -> dict[str, Any]:
        if self.dates:
            return {"format": "date"}
        if self.moments:
            return {"format": "date-time"}
        # Digits alone may as well be a number of something, which may have letters next time.
        return {"pattern": _AMOUNT_PATTERN} if self.amounts and self.has_fraction else {}


@dataclass(slots=True)
class _Seen:
    """What stood at one place."""

    number: int = 0
    kinds: set[str] = field(default_factory=set[str])
    texts: _Texts = field(default_factory=_Texts)
    groups: int = 0
    names: dict[str, "_Seen"] = field(default_factory=dict[str, "_Seen"])
    items: "_Seen | None" = None

    def look(self, value: Json) -> None:
        self.number += 1
        self.kinds.add(_kind(value))
        if isinstance(value, str):
            self.texts.look(value)
        elif isinstance(value, dict):
            self.groups += 1
            for name, inner in value.items():
                self.names.setdefault(name, _Seen()).look(inner)
        elif isinstance(value, list):
            self.items = self.items or _Seen()
            for one in value[:_LONGEST_LIST]:
                self.items.look(one)

    def schema(self) -> dict[str, Any]:
        kinds = self.kinds - {"integer"} if "number" in self.kinds else self.kinds
        told: dict[str, Any] = {"type": sorted(kinds) if len(kinds) > 1 else next(iter(kinds), "object")}
        if "string" in kinds:
            told |= self.texts.schema()
        if self.groups:
            told |= self._of_names()
        if self.items is not None and self.items.number and "array" in kinds:
            told["items"] = self.items.schema()
        return told

    def _of_names(self) -> dict[str, Any]:
        required = sorted(name for name, seen in self.names.items() if seen.number == self.groups)
        if len(self.names) > _MOST_NAMES and not required:
            return {"additionalProperties": True}
        told: dict[str, Any] = {"required": required} if required else {}
        return told | {"properties": {name: self.names[name].schema() for name in sorted(self.names)}}


def _kind(value: Json) -> str:
    if isinstance(value, bool):
        return "boolean"
    return _KINDS[type(value)]


_KINDS: Mapping[type, str] = {
    str: "string",
    int: "integer",
    float: "number",
    dict: "object",
    list: "array",
    type(None): "null",
}


def _is_date(text: str) -> bool:
    if _DATE.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_moment(text: str) -> bool:
    if _MOMENT.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text[:19])
        datetime.fromisoformat(f"{text[:19]}{text[19:].lstrip('.0123456789') or 'Z'}")
    except ValueError:
        return False
    return True
