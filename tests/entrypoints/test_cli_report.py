import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet  # pyright: ignore[reportMissingTypeStubs] - it has none

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


def test_a_page_of_the_funnel_stands_alone(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "funnel.html"
    told = desk.type("report", "run", desk.run, "--html", str(file))

    page = file.read_text(encoding="utf-8")
    assert told.exit_code == 0, told.output
    assert desk.run in page
    assert "1 suppressed: opt-out" in page
    assert "://" not in page
    assert desk.type("report", "run", desk.run, "--html", str(tmp_path / "no" / "f.html")).exit_code == 2


def test_an_export_has_all_rows_by_day_and_is_the_same_again(desk: Desk, tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    span = ("--from", str(today - timedelta(days=2)), "--to", str(today + timedelta(days=1)))
    stale = tmp_path / "dispatch" / f"day={today - timedelta(days=2)}" / "dispatch.parquet"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"of an earlier export")
    told = desk.type("report", "export", str(tmp_path), *span, "--json")
    first = _files(tmp_path)
    again = desk.type("report", "export", str(tmp_path), *span, "--json")

    assert told.exit_code == again.exit_code == 0, told.output
    assert {one["view"]: one["rows"] for one in json.loads(told.stdout)["views"]} == {
        "run": 1,
        "record": 5,
        "communication": 5,
        "dispatch": 2,
        "delivery_event": 1,
        "suppression": 0,
        "failure": 1,
    }
    assert _files(tmp_path) == first
    assert len(first) == 6
    read: Any = parquet
    [rows] = [read.ParquetFile(path).read().to_pylist() for path in tmp_path.glob("communication/*/*.parquet")]
    assert sorted(one["state"] for one in rows) == ["completed", "completed", "failed", "in_review", "suppressed"]
    assert all(one["ordered_at"].tzinfo is not None for one in rows)


def test_an_export_of_what_is_not_there_is_refused(desk: Desk, tmp_path: Path) -> None:
    span = ("--from", "2026-11-02", "--to", "2026-11-03")
    unknown = desk.type("report", "export", str(tmp_path), *span, "--what", "customers")
    turned = desk.type("report", "export", str(tmp_path / "lake"), "--from", "2026-11-04", "--to", "2026-11-03")

    assert (unknown.exit_code, turned.exit_code) == (2, 2)
    assert "there are run, record" in unknown.output
    assert "is after the last" in turned.output


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
