"""What a new version of a contract changes: whether records that kept the old one still keep the new one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, cast

from xconnector.domain.strict_json import Json

_Schema: TypeAlias = dict[str, Json]
_At: TypeAlias = str
_DEEPEST = 40
_ANY_KIND = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


class Effect(StrEnum):
    """What follows of a change for those who send and those who read."""

    BREAKING = "breaking"
    """Records that kept the old contract may break the new one."""
    WEAKER = "weaker"
    """Every record that kept the old one keeps the new one; what reads them can rely on less."""
    HARMLESS = "harmless"
    """Neither who sends nor who reads need know."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SchemaChange:
    """One change."""

    path: str
    """Where, as a path into a record; `.` is the record itself."""
    effect: Effect
    change: str
    """What changed, in a few words."""


def schema_changes(old: Mapping[str, object], new: Mapping[str, object]) -> tuple[SchemaChange, ...]:
    """Return what a new schema changes, by path. What cannot be judged counts as breaking."""
    comparing = _Comparing(cast("_Schema", old), cast("_Schema", new))
    return tuple(sorted(set(comparing.schemas(cast("Json", old), cast("Json", new), "", 0))))


class _Comparing:
    def __init__(self, old: _Schema, new: _Schema) -> None:
        self._old = old
        self._new = new
        self._met: set[tuple[str, str]] = set()

    def schemas(self, old: Json, new: Json, at: _At, depth: int) -> Iterator[SchemaChange]:
        if old is False or new is False:
            if old is not new:
                yield _change(at, *_NOTHING_BEFORE if old is False else _NOTHING_NOW)
            return
        before, after = _spelled_out(old), _spelled_out(new)
        refs = (before.get("$ref"), after.get("$ref"))
        if any(refs):
            # One that leads back to itself was compared where it was met first.
            met = (str(refs[0]), str(refs[1]))
            if met in self._met and all(refs):
                return
            self._met.add(met)
            before, after = _followed(before, self._old), _followed(after, self._new)
        if before is None or after is None or depth > _DEEPEST:
            if old != new or refs[0] != refs[1]:
                yield _change(at, Effect.BREAKING, "what it refers to cannot be judged")
            return
        yield from _kinds(before, after, at)
        yield from _values(before, after, at)
        yield from _bounds(before, after, at)
        yield from _required(before, after, at)
        yield from self._properties(before, after, at, depth)
        if "items" in before or "items" in after:
            yield from self.schemas(before.get("items", True), after.get("items", True), f"{at}[*]", depth + 1)
        for word in sorted({*before, *after} - _JUDGED):
            if before.get(word) != after.get(word):
                yield _change(at, Effect.BREAKING, f"`{word}` is otherwise: look at it yourself")

    def _properties(self, before: _Schema, after: _Schema, at: _At, depth: int) -> Iterator[SchemaChange]:
        old, new = _named(before), _named(after)
        others_before = before.get("additionalProperties", True)
        others_after = after.get("additionalProperties", True)
        for name in sorted({*old, *new}):
            place = f"{at}.{name}" if at else name
            if name in old and name in new:
                yield from self.schemas(old[name], new[name], place, depth + 1)
            elif name in new:
                yield from self._added(new[name], others_before, place, depth)
            else:
                yield from self._dropped(old[name], others_after, place, depth)
        if others_before != others_after:
            yield from self.schemas(others_before, others_after, f"{at}.*" if at else "*", depth + 1)

    def _added(self, schema: Json, others: Json, at: _At, depth: int) -> Iterator[SchemaChange]:
        if others is False:
            yield _change(at, Effect.HARMLESS, "is new")
            return
        yield _change(at, Effect.HARMLESS, "is named now")
        if others is not True:
            yield from self.schemas(others, schema, at, depth + 1)

    def _dropped(self, schema: Json, others: Json, at: _At, depth: int) -> Iterator[SchemaChange]:
        if others is True:
            yield _change(at, Effect.WEAKER, "is named no more")
        else:
            yield from self.schemas(schema, others, at, depth + 1)


def _spelled_out(schema: Json) -> _Schema:
    return schema if isinstance(schema, dict) else {}


def _followed(schema: _Schema, root: _Schema) -> _Schema | None:
    """Return what a schema refers to with what stands beside; None where that is not in the same file."""
    seen: set[str] = set()
    while isinstance(target := schema.get("$ref"), str):
        if target in seen or not target.startswith("#"):
            return None
        seen.add(target)
        found: Json = root
        for step in target[1:].split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, dict) else None
        if found is None:
            return None
        beside = {word: value for word, value in schema.items() if word not in _SAYS_NOTHING and word != "$ref"}
        if beside:
            return None
        schema = _spelled_out(found)
    return schema


def _change(at: _At, effect: Effect, change: str) -> SchemaChange:
    return SchemaChange(path=at or ".", effect=effect, change=change)


# ---------------------------------------------------------------- single keywords


def _kinds(before: _Schema, after: _Schema, at: _At) -> Iterator[SchemaChange]:
    old, new = _types(before), _types(after)
    if gone := old - new:
        yield _change(at, Effect.BREAKING, f"may be {_listed(gone)} no more")
    if more := new - old:
        yield _change(at, Effect.WEAKER, f"may be {_listed(more)} as well")


def _types(schema: _Schema) -> frozenset[str]:
    said = schema.get("type")
    if said is None:
        return _ANY_KIND
    kinds = frozenset(one for one in (said if isinstance(said, list) else [said]) if isinstance(one, str))
    return kinds | {"integer"} if "number" in kinds else kinds


def _listed(kinds: frozenset[str]) -> str:
    return " or ".join(sorted(kinds))


def _values(before: _Schema, after: _Schema, at: _At) -> Iterator[SchemaChange]:
    old, new = _allowed(before), _allowed(after)
    if old == new:
        return
    if old is None:
        yield _change(at, Effect.BREAKING, "only some values are promised now")
        return
    if new is None:
        yield _change(at, Effect.WEAKER, "any value may come now")
        return
    if gone := [one for one in old if one not in new]:
        yield _change(at, Effect.BREAKING, f"{len(gone)} values may come no more")
    if more := [one for one in new if one not in old]:
        yield _change(at, Effect.WEAKER, f"{len(more)} values may come as well")


def _allowed(schema: _Schema) -> Sequence[tuple[str, str]] | None:
    """Return the values that may come, told apart as JSON tells them: 1 is not true."""
    if "const" in schema:
        return [_told_apart(schema["const"])]
    listed = schema.get("enum")
    return [_told_apart(one) for one in listed] if isinstance(listed, list) else None


def _told_apart(value: Json) -> tuple[str, str]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "number", repr(float(value))
    return type(value).__name__, repr(value)


def _bounds(before: _Schema, after: _Schema, at: _At) -> Iterator[SchemaChange]:
    for word, rises in _LIMITS.items():
        yield from _limit(word, before.get(word), after.get(word), at, is_upper=rises)
    for word in _EXACT:
        old, new = before.get(word), after.get(word)
        if old == new:
            continue
        if new is None or new is False:
            yield _change(at, Effect.WEAKER, f"`{word}` is promised no more")
        elif old is None or old is False:
            yield _change(at, Effect.BREAKING, f"`{word}` is promised now")
        else:
            yield _change(at, Effect.BREAKING, f"`{word}` is another")


def _limit(word: str, old: Json, new: Json, at: _At, *, is_upper: bool) -> Iterator[SchemaChange]:
    if old == new:
        return
    if not isinstance(new, (int, float)):
        yield _change(at, Effect.WEAKER, f"`{word}` is promised no more")
    elif not isinstance(old, (int, float)):
        yield _change(at, Effect.BREAKING, f"`{word}` is promised now")
    elif (new < old) is is_upper:
        yield _change(at, Effect.BREAKING, f"`{word}` is {new}, and was {old}")
    else:
        yield _change(at, Effect.WEAKER, f"`{word}` is {new}, and was {old}")


def _required(before: _Schema, after: _Schema, at: _At) -> Iterator[SchemaChange]:
    old, new = _demanded(before), _demanded(after)
    for name in sorted(new - old):
        yield _change(f"{at}.{name}" if at else name, Effect.BREAKING, "is required now")
    for name in sorted(old - new):
        yield _change(f"{at}.{name}" if at else name, Effect.WEAKER, "is required no more")


def _demanded(schema: _Schema) -> frozenset[str]:
    names = schema.get("required")
    return frozenset(one for one in names if isinstance(one, str)) if isinstance(names, list) else frozenset()


def _named(schema: _Schema) -> _Schema:
    named = schema.get("properties")
    return named if isinstance(named, dict) else {}


_NOTHING_NOW = (Effect.BREAKING, "must not be there any more")
_NOTHING_BEFORE = (Effect.WEAKER, "may be there now")
_LIMITS: Mapping[str, bool] = {
    "maxLength": True, "minLength": False, "maximum": True, "minimum": False, "exclusiveMaximum": True,
    "exclusiveMinimum": False, "maxItems": True, "minItems": False, "maxProperties": True, "minProperties": False,
}  # fmt: skip
_EXACT = ("pattern", "format", "multipleOf", "uniqueItems")
_SAYS_NOTHING = frozenset(
    {"$schema", "$id", "$defs", "$comment", "title", "description", "examples", "default", "deprecated", "readOnly",
     "writeOnly", "$anchor"}
)  # fmt: skip
_JUDGED = frozenset(
    {*_LIMITS, *_EXACT, *_SAYS_NOTHING, "type", "enum", "const", "required", "properties", "additionalProperties",
     "items", "$ref"}
)  # fmt: skip
