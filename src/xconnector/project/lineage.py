"""Where a mapped value came from: the paths of the source record that gave it."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

Origins: TypeAlias = Mapping[str, tuple[str, ...]]
"""Paths from the record's top, by place in the value: "" is the value itself, `[*].name` a field of its records."""

CONSTANT = "(constant)"
"""Stands for a path where the mapping itself holds the value."""
DEFAULT = "(default)"
"""Stands for a path where the record had nothing, and the mapping's default took its place."""


def from_top(base: str, path: str) -> str:
    """Return a path from the record's top, given that of the thing from which it is walked ("" is the record)."""
    if path.startswith("/"):
        return path[1:]
    if path == ".":
        return base or "."
    if not base or path.startswith("["):
        return f"{base}{path}"
    return f"{base}.{path}"


def each_item(path: str) -> str:
    """Return the path of every item of what stands at a path."""
    return path if path.endswith("[*]") else f"{path}[*]"


def came_from(path: str) -> Origins:
    """Return the origins of a value that stands at one path."""
    return {"": (path,)}


def united(several: Iterable[Origins]) -> Origins:
    """Return all origins together, in their order and none twice."""
    found: dict[str, dict[str, None]] = {}
    for origins in several:
        for place, paths in origins.items():
            found.setdefault(place, {}).update(dict.fromkeys(paths))
    return {place: tuple(paths) for place, paths in found.items()}


def below(place: str, origins: Origins) -> Origins:
    """Return the origins of a value as those of the thing that holds it at a place."""
    return {f"{place}{inner}": paths for inner, paths in origins.items()}
