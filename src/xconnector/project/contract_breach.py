"""What a record breaks of its contract, in words that name path and rule and never a value."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias, cast

from jsonschema_rs import ValidationError

_LONGEST_NAME = 80
_UNKNOWN = "*"
"""Stands for a name that the schema does not speak of: a source may have made content its name."""

_Rule: TypeAlias = Callable[[Any], str]


def told(error: ValidationError, names: Collection[str]) -> str:
    """Return one breach as `path` and rule; `names` are those that the schema speaks of."""
    path = path_of(error.instance_path, names)
    kind: Any = error.kind
    if kind.name == "required":
        missing = cast("str", kind.property)
        return f"{_below(path, _shown(missing, names))} is missing"
    if kind.name in {"additionalProperties", "unevaluatedProperties"}:
        unknown = len(cast("list[object]", kind.unexpected))
        return f"{path or 'the record'} has {unknown} {'name' if unknown == 1 else 'names'} that nobody promised"
    rule = _RULES.get(kind.name)
    return f"{path or 'the record'} {rule(kind) if rule else f'breaks the rule {kind.name}'}"


def path_of(way: Collection[str | int], names: Collection[str]) -> str:
    """Return a way through a record as a path; items of lists as `[*]`, names that nobody promised as `*`."""
    path = ""
    for part in way:
        path = f"{path}[*]" if isinstance(part, int) else _below(path, _shown(part, names))
    return path


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _shown(name: str, names: Collection[str]) -> str:
    if name not in names:
        return _UNKNOWN
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


_KINDS: Mapping[str, str] = {
    "array": "a list", "boolean": "true or false", "integer": "a whole number", "null": "null", "number": "a number",
    "object": "a group of fields", "string": "text",
}  # fmt: skip


def _type(kind: Any) -> str:  # noqa: ANN401 - the library's kinds have no common type
    return f"is not {' or '.join(_KINDS.get(one, one) for one in sorted(kind.types))}"


_RULES: Mapping[str, _Rule] = {
    "type": _type,
    "enum": lambda kind: f"is none of the {len(kind.options)} values that are promised",
    "const": lambda _kind: "is not the one value that is promised",
    "format": lambda kind: f"is no {kind.format}",
    "pattern": lambda _kind: "does not fit its pattern",
    "minLength": lambda kind: f"is shorter than {kind.limit}",
    "maxLength": lambda kind: f"is longer than {kind.limit}",
    "minimum": lambda kind: f"is less than {kind.limit}",
    "maximum": lambda kind: f"is more than {kind.limit}",
    "exclusiveMinimum": lambda kind: f"is not more than {kind.limit}",
    "exclusiveMaximum": lambda kind: f"is not less than {kind.limit}",
    "multipleOf": lambda kind: f"is no multiple of {kind.multiple_of}",
    "minItems": lambda kind: f"has fewer than {kind.limit} items",
    "maxItems": lambda kind: f"has more than {kind.limit} items",
    "uniqueItems": lambda _kind: "has an item twice",
    "contains": lambda _kind: "lacks an item that is promised",
    "minProperties": lambda kind: f"has fewer than {kind.limit} fields",
    "maxProperties": lambda kind: f"has more than {kind.limit} fields",
    "propertyNames": lambda _kind: "has a name of a kind that is not promised",
    "anyOf": lambda _kind: "is none of the kinds that are promised",
    "oneOf": lambda _kind: "is not exactly one of the kinds that are promised",
    "not": lambda _kind: "is of a kind that is excluded",
    "falseSchema": lambda _kind: "must not be there",
    "dependentRequired": lambda _kind: "lacks a field that goes with another",
    "unevaluatedItems": lambda _kind: "has items that nobody promised",
    "additionalItems": lambda _kind: "has items that nobody promised",
}
