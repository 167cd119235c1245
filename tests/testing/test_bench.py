"""The bench runs and prints its ratios; what they are on a busy machine is not asserted."""

import json
import subprocess
import sys

import pytest

from xconnector.testing.bench.measured import Cost, middle, percentile

RATIOS = {
    "orchestration": {"speed over the bare pattern", "CPU over the bare pattern", "ledger entries a communication"},
    "memory": {"intake's growth", "workers' growth"},
    "print-memory": {"intake's growth", "workers' growth"},
    "latency": {"event to hand-over, p50, beside a run", "event to hand-over, p99, beside a run"},
    "intake": {"webhook: durable events a second", "structured: p99 at 1,000 a second"},
    "bundles": {"bundled over plainly merged", "speed at 60 over 30", "press's memory at 60 over 30"},
    "exstream": {
        "JSON as it is over json.dumps",
        "delivery file over bare expat",
        "peak of a driver of 1,000 over 100",
        "peak of a delivery file of 1,000 over 100",
    },
    "decisions": {
        "decisions a second, compiled",
        "decisions a second, cell by cell",
        "decisions a second, every row with its reason",
        "proof of 30 rows",
        "proof of 500 rows",
    },
    "customers": {
        "1,000,000 customers loaded, matched and merged, clock",
        "loading's growth",
        "merging's growth",
        "look-up, p99",
    },
    "reports": {"one in a request: signed reports a second", "100 in a request: signed reports a second"},
    "mappings": {"records a second, 40 fields", "lineages a second, 40 fields"},
    "composer": {"letters over bare Typst", "statements over bare Typst", "composer's memory after all over after 100"},
}


def measured(postgres: str, part: str, *options: str) -> str:
    command = [sys.executable, "-m", "xconnector.testing.bench", "--server-url", postgres, "--part", part]
    ended = subprocess.run(
        [*command, "--records", "100", "--rounds", "1", *options], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("part", sorted(RATIOS))
def test_prints_every_ratio_of_a_part_as_json(postgres: str, part: str) -> None:
    told = json.loads(measured(postgres, part, "--json"))

    figures = {figure["name"]: figure["value"] for figure in told["parts"][part]}
    assert RATIOS[part] <= set(figures)
    assert all(value >= 0 for value in figures.values())
    assert told["records"] == 100
    assert len(told["load_average"]) == 3
    if part == "orchestration":
        # received, triggered, decided, composed, released, archived, dispatching, completed
        assert figures["ledger entries a communication"] == 8


def test_prints_a_table_with_the_goals(postgres: str) -> None:
    table = measured(postgres, "mappings")

    assert "100 records a run, load average" in table
    assert "records a second, 40 fields" in table
    assert ">= 50,000" in table


def test_cost_counts_every_process_a_piece() -> None:
    cost = Cost(pieces=1000, seconds=2, intake_seconds=0.1, worker_seconds=0.3, postgres_seconds=0.2)

    assert cost.per_second == 500
    assert cost.milliseconds == pytest.approx(0.6)


def test_the_middle_of_three_costs_is_neither_the_best_nor_the_worst() -> None:
    costs = [
        Cost(pieces=1000, seconds=1, intake_seconds=0, worker_seconds=seconds, postgres_seconds=0)
        for seconds in (0.3, 0.1, 0.2)
    ]

    assert middle(costs).worker_seconds == 0.2


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(number) for number in range(100)]

    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 0.5)
