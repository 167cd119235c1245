"""Whether a record says that there is nothing at a path, which is more than saying nothing about it.

`{"email": null}`, `{"email": ""}` and `{"contact": null}` say that there is nothing at `contact.email` and `email`;
`{}` says nothing. A list without items is empty as well; one of which no item fits says nothing about one that would.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from xconnector.domain.record_path import EveryStep, FittingStep, NameStep, PathSteps, Step, items_of, walk_fitting
from xconnector.domain.strict_json import Json

SaysEmpty: TypeAlias = Callable[[Mapping[str, Any]], bool]


def emptiness_at(path: str) -> SaysEmpty:
    """Return what tells of a record whether null, blank text or an empty list stands at a path, or on the way to it.

    Args:
        path: from the record's top.

    Raises PathError where it is not well formed.
    """
    if path == ".":
        return lambda record: not record
    steps = PathSteps(path.removeprefix("/")).parse()
    return lambda record: _is_empty(cast("Json", record), steps, cast("Json", record))


def _is_empty(found: Json, steps: Sequence[Step], root: Json) -> bool:
    if found is None or found == [] or (isinstance(found, str) and not found.strip()):
        return True
    if not steps:
        return _is_nothing(found)
    step, *rest = steps
    if isinstance(step, NameStep):
        return isinstance(found, dict) and step.name in found and _is_empty(found[step.name], rest, root)
    items = items_of(found)
    if isinstance(step, EveryStep):
        return all(_is_empty(one, rest, root) for one in items)
    if isinstance(step, FittingStep):
        # Nothing fits the condition where this is None.
        fitting = walk_fitting(step, lambda item, _root: item)(found, root)
        return fitting is not None and _is_empty(fitting, rest, root)
    return -len(items) <= step.index < len(items) and _is_empty(items[step.index], rest, root)


def _is_nothing(found: Json) -> bool:
    """Say whether a thing holds nothing but blanks, such as an XML element without text."""
    if isinstance(found, list):
        return all(_is_empty(one, (), None) for one in found)
    if isinstance(found, dict):
        return "#text" in found and _is_empty(found["#text"], (), None)
    return False
