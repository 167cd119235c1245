import json
from collections.abc import Iterator

import pytest

from tests.entrypoints.small_office import Desk, desk_with_a_past


@pytest.fixture(scope="module")
def desk(postgres: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_with_a_past(postgres, migrated_template, tmp_path_factory.mktemp("report") / "small") as opened:
        yield opened


def test_report_run_shows_each_loss_with_its_reason(desk: Desk) -> None:
    plain, told = desk.type("report", "run", desk.run), desk.type("report", "run", desk.run, "--json")

    assert plain.exit_code == told.exit_code == 0, plain.output
    assert "opened by a person" in plain.stdout
    found = json.loads(told.stdout)
    assert (found["ordered"], found["difference"]) == (4, 0)
    assert [step["reached"] for step in found["steps"]][:5] == [4, 2, 2, 2, 2]
    assert found["steps"][0]["reasons"] == {"failed: decide, project": 1, "suppressed: opt-out": 1}


def test_report_providers_counts_by_connection_and_day(desk: Desk) -> None:
    plain, told = desk.type("report", "providers"), desk.type("report", "providers", "--json")

    assert plain.exit_code == told.exit_code == 0, plain.output
    days = json.loads(told.stdout)["days"]
    assert {day["score"]["connection"]: day["score"]["handed_over"] for day in days} == {"email": 1, "print": 1}


def test_wrong_use_is_told_in_words(desk: Desk) -> None:
    unknown = desk.type("report", "run", "no-such-run")
    turned = desk.type("report", "providers", "--from", "2026-11-02", "--to", "2026-11-01")

    assert (unknown.exit_code, turned.exit_code) == (2, 2)
    assert "xconnector status" in unknown.output
    assert "is after" in turned.output
