"""The source of the odd field: an expression of JSONata (https://docs.jsonata.org), bounded and the same each time."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from jlens import Expression, JlensError

from xconnector.domain.strict_json import Json
from xconnector.project.lineage import CONSTANT, Origins, from_top
from xconnector.project.mapping_source import Take, ValueProblemError

LONGEST_EXPRESSION = 2000
"""Characters."""
_BOUNDS: Mapping[str, Any] = {
    "timeout": 1.0,
    "max_depth": 100,
    "max_steps": 100_000,
    "max_string_length": 100_000,
    "max_array_length": 10_000,
    "max_result_size": 100_000,
}
# What gives another answer when a record is mapped again, or hides from `reads` what is read.
_UNSTEADY = re.compile(r"\$(now|millis|random|shuffle|eval)\b")
_Reads: TypeAlias = Mapping[str, Any] | bool


class JsonataError(ValueError):
    """The expression is none, or may not stand in a mapping; the text says why."""


def from_jsonata(text: str) -> Take:
    """What an expression makes of the thing in hand.

    Its origins are the paths that it reads, whether or not a record has them. Fractions have the 15 digits that JSONata
    writes; sums of money belong to `sum`, which is exact.

    Raises JsonataError.
    """
    if len(text) > LONGEST_EXPRESSION:
        raise JsonataError(f"it has more than {LONGEST_EXPRESSION} characters")
    if unsteady := _UNSTEADY.search(text):
        raise JsonataError(f"{unsteady[0]} would give another answer each time, or read what nobody sees")
    try:
        expression = Expression(text)
    except JlensError as wrong:
        raise JsonataError(f"at character {wrong.position}: {wrong}") from None
    # Sorted: the library tells them in no certain order.
    reads = tuple(sorted(_paths("", expression.reads().get("input", {}))))

    def value(item: Json, _root: Json) -> Json:
        try:
            return _written(expression.evaluate(item, **_BOUNDS))
        except JlensError as wrong:
            # The library's sentences may name values.
            raise ValueProblemError(f"cannot be evaluated ({wrong.code} of JSONata)") from None

    def origins(_item: Json, _root: Json, base: str) -> Origins:
        return {"": tuple(from_top(base, path) for path in reads) or (CONSTANT,)}

    return Take(value=value, origins=origins)


def _paths(base: str, read: _Reads) -> Iterator[str]:
    """Yield the paths of what an expression reads, as `Expression.reads` nests them."""
    if not isinstance(read, Mapping):
        yield base or "."
        return
    for name, inner in read.items():
        yield from _paths(f"{base}.{name}" if base else name, inner)


def _written(value: Json) -> Json:
    if isinstance(value, float):
        return float(f"{value:.15g}")
    if isinstance(value, list):
        return [_written(one) for one in value]
    if isinstance(value, dict):
        return {name: _written(one) for name, one in value.items()}
    return value
