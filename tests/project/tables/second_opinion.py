"""zen-engine, which runs what we export as JDM: an answer made by other people's code."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import zen

from xconnector.domain.decision.deciding import Inputs, Match
from xconnector.domain.decision.table import DecisionTable, HitPolicy
from xconnector.domain.decision.values import read_value
from xconnector.project.tables.foreign import names_over_there

# Its own types leave open what a context holds.
_ZEN: Any = zen


class SecondOpinion:
    """An engine with one exported table."""

    def __init__(self, jdm: bytes) -> None:
        content = _ZEN.ZenDecisionContent(jdm.decode())

        def load(_: str) -> object:
            return content

        self._engine: Any = _ZEN.ZenEngine({"loader": load})

    def answers(self, table: DecisionTable, inputs: Inputs, on: date | None) -> Sequence[Mapping[str, Any]]:
        """Return what each row says that answers, without outputs that say nothing."""
        result = self._engine.evaluate("table", context_of(table, inputs, on))["result"]
        if table.hit is HitPolicy.COLLECT:
            return [_told(answer) for answer in result]
        return [result] if result else []


def as_zen_says(table: DecisionTable, matches: Sequence[Match]) -> Sequence[Mapping[str, Any]]:
    """Return our answers as the engine gives its own: nulls are left out, and with them one answer that is all null."""
    said = [_told({name: as_json(value) for name, value in match.outputs.items()}) for match in matches]
    return said if table.hit is HitPolicy.COLLECT else [answer for answer in said if answer]


def _told(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in answer.items() if value is not None}


def fits(cell: str, value: object) -> bool:
    """Say whether a cell of ZEN fits a value; an error fits nothing, as in an engine."""
    try:
        return bool(_ZEN.evaluate_unary_expression(cell, {"$": as_json(value)})) if cell else True
    except Exception:  # noqa: BLE001 - whatever the engine raises, the row is passed over
        return False


def context_of(table: DecisionTable, inputs: Inputs, on: date | None) -> Mapping[str, Any]:
    """Return the inputs as one JSON object, in which dots are levels, with values of their columns' kinds."""
    context: dict[str, Any] = {} if on is None else {"day": on.isoformat()}
    for one, name in zip(table.inputs, names_over_there(table), strict=True):
        if one.name in inputs:
            given = inputs[one.name]
            value = None if given is None else read_value(given, one.domain.kind)
            *levels, last = name.split(".")
            inner = context
            for level in levels:
                inner = inner.setdefault(level, {})
            inner[last] = given if value is None else as_json(value)
    return context


def as_json(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date) else value
