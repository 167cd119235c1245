"""Mappings: how many records a second they make of source records on one core, and how many with their lineage."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from xconnector.project.mapping import RecordMapping
from xconnector.project.shipped_mappings import read_mapping
from xconnector.testing.bench.measured import Figure

_GOAL = ">= 50,000"
_TEXTS, _DATES, _AMOUNTS = 18, 6, 6
_GOLDEN = ("first_name", "last_name", "postcode", "city", "country", "email")


def mapping_figures(*, records: int, rounds: int) -> list[Figure]:
    """Measure a mapping of 40 fields over so many nested records, by processor time."""
    mapping, record = _mapping_of_40_fields(), _record()
    return [
        Figure(
            name="records a second, 40 fields",
            value=_per_second(lambda: mapping.apply(record), records, rounds),
            goal=_GOAL,
        ),
        Figure(
            name="lineages a second, 40 fields",
            value=_per_second(lambda: mapping.lineage(record), records // 10, rounds),
        ),
    ]


def _mapping_of_40_fields() -> RecordMapping:
    """Return a mapping as an insurer has it: texts, days, amounts, a list of covers, and the golden record's fields."""
    lines = [
        "customer: holder.id",
        "fields:",
        *(f"  text_{at}: policy.text_{at}" for at in range(_TEXTS)),
        *(f"  day_{at}: {{path: policy.day_{at}, then: [date]}}" for at in range(_DATES)),
        *(f"  amount_{at}: {{path: policy.amount_{at}, currency: policy.currency}}" for at in range(_AMOUNTS)),
        "  covers: {each: policy.covers, fields: {name: name, limit: limit, excess: excess}}",
        "  holder: {join: [holder.first_name, holder.last_name]}",
        "customer_fields:",
        *(f"  {name}: holder.{name}" for name in _GOLDEN),
        "  region: {first: [holder.state, holder.region]}",
        "  language: {path: holder.language, then: [lower]}",
    ]
    with tempfile.TemporaryDirectory(prefix="xconnector-bench-") as folder:
        file = Path(folder) / "policy.yaml"
        file.write_text("\n".join(lines), encoding="utf-8")
        return read_mapping(file)


def _record() -> Mapping[str, Any]:
    return {
        "holder": {"id": "K1", "region": "NY", "language": "EN", **dict.fromkeys(_GOLDEN, "Ada")},
        "policy": {
            "currency": "EUR",
            **{f"text_{at}": f"text {at}" for at in range(_TEXTS)},
            **{f"day_{at}": f"2026-10-{at + 1:02}" for at in range(_DATES)},
            **{f"amount_{at}": "12.50" for at in range(_AMOUNTS)},
            "covers": [{"name": "fire", "limit": 1_000, "excess": 2}] * 3,
        },
    }


def _per_second(work: Callable[[], object], times: int, rounds: int) -> float:
    work()

    def measured() -> float:
        begun = process_time()
        for _ in range(times):
            work()
        return times / (process_time() - begun)

    return median(measured() for _ in range(rounds))
