import asyncio
import csv
import io
import json
import os
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from tests.office import write_office_project
from tests.operations.recorded import NOW, POLICY, ROUTING, remembered, rows
from tests.operations.test_replaying import PRINTED
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.routing.checks import decide_delivery
from xconnector.domain.routing.shadow import shadowed
from xconnector.entrypoints.cli import app
from xconnector.postgres.connect import Pool, open_pool, transaction
from xconnector.project.tables.files import table_bytes
from xconnector.store import shadow_answers

Typed = Callable[..., Result]
NUMBER = 200


async def with_pool(database: str, work: Callable[[Pool], Awaitable[None]]) -> None:
    async with open_pool(database, name="replay tests") as pool:
        await work(pool)


@pytest.fixture
def recorded(database: str) -> str:
    """A database in which deliveries were decided."""
    asyncio.run(with_pool(database, lambda pool: remembered(pool, rows(NUMBER))))
    return database


@pytest.fixture
def typed(tmp_path: Path, recorded: str) -> Typed:
    folder = write_office_project(tmp_path / "small")
    environment = {
        **os.environ,
        "XCONNECTOR_DATABASE_URL": recorded,
        "XCONNECTOR_PROJECT": str(folder),
        "SMTP_PORT": "2525",
    }
    return lambda *words: CliRunner().invoke(app, ["tables", *map(str, words)], env=environment)


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    return written(PRINTED, tmp_path / "changed.json")


def written(table: DecisionTable, file: Path) -> Path:
    file.write_bytes(table_bytes(table, form=file.suffix))
    return file


def test_a_changed_table_is_replayed_over_what_was_decided(typed: Typed, changed: Path) -> None:
    told = typed("replay", changed)
    assert told.exit_code == 0, told.output
    words = " ".join(told.stdout.split())
    assert f"{NUMBER} questions in {NUMBER} decisions" in words
    assert "customers affected" in words
    assert "E1 X1" in words
    assert "email print" in words
    assert "first pieces" in words


def test_json_tells_all_of_it(typed: Typed, changed: Path) -> None:
    told = json.loads(typed("replay", changed, "--json").stdout)
    assert sum(cell["number"] for cell in told["matrix"]["cells"]) == told["matrix"]["asked"] == NUMBER
    assert told["consequences"]["decided"] == told["matrix"]["changed"] > 0
    everything = json.loads(typed("replay", changed, "--json", "--all").stdout)
    assert everything["consequences"]["decided"] == NUMBER
    assert everything["consequences"]["other_ways"] == told["consequences"]["other_ways"]


def test_the_list_of_what_changes_goes_to_a_file_or_out(typed: Typed, changed: Path, tmp_path: Path) -> None:
    file = tmp_path / "changes.csv"
    assert typed("replay", changed, "--list", file).exit_code == 0
    told = [*csv.DictReader(io.StringIO(file.read_text()))]
    assert {one["new_row"] for one in told} == {"X1"}
    assert {one["new_channel"] for one in told} == {"print"}
    out = typed("replay", changed, "--list", "-")
    assert [*csv.DictReader(io.StringIO(out.stdout))] == told
    assert "customers affected" in out.stderr
    again = typed("replay", changed, "--list", file)
    assert again.exit_code == 2
    assert "is there already" in again.stderr


@pytest.mark.parametrize("key", ["=1+1", "+49", "-1", "@SUM(A1)", "\tx"])
def test_no_cell_of_the_list_is_a_formula(typed: Typed, changed: Path, tmp_path: Path, key: str) -> None:
    lines = tmp_path / "lines.jsonl"
    inputs = {"customer.preference": "email", "category": "notice"}
    lines.write_text(json.dumps({"inputs": inputs, "row": "E1", "on": "2026-10-01", "customer": key}) + "\n")
    listed = typed("replay", changed, "--records", lines, "--list", "-")
    (told,) = csv.DictReader(io.StringIO(listed.stdout))
    assert told["customer"] == f"'{key}"
    assert (told["old_row"], told["new_row"], told["day"]) == ("E1", "X1", "2026-10-01")


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_today_is_the_day_where_the_project_is_at_home(typed: Typed, changed: Path, tmp_path: Path, zone: str) -> None:
    # It is never the same day in both.
    project = tmp_path / "small" / "xconnector.yaml"
    project.write_text(project.read_text().replace("timezone: Europe/Berlin", f"timezone: {zone}"))
    told = csv.DictReader(io.StringIO(typed("replay", changed, "--as-of", "today", "--list", "-").stdout))
    assert {one["day"] for one in told} == {f"{datetime.now(ZoneInfo(zone)):%Y-%m-%d}"}


def test_days_choose_decisions_the_last_one_included(typed: Typed, changed: Path) -> None:
    day = f"{NOW:%Y-%m-%d}"
    after = f"{NOW + timedelta(days=1):%Y-%m-%d}"
    told = typed("replay", changed, "--since", day, "--until", day, "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["decisions"] == NUMBER
    assert json.loads(typed("replay", changed, "--since", after, "--json").stdout)["decisions"] == 0
    odd = typed("replay", changed, "--since", "soon")
    assert odd.exit_code == 2
    assert "write it as 2026-12-31" in odd.stderr


def test_records_are_written_and_replayed_elsewhere(typed: Typed, changed: Path, tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    lines.write_bytes(typed("records").stdout_bytes)
    here, there = typed("replay", changed, "--json"), typed("replay", changed, "--json", "--records", lines)
    assert json.loads(there.stdout) == json.loads(here.stdout)

    questions = tmp_path / "questions.jsonl"
    questions.write_bytes(typed("records", "--table", "routing").stdout_bytes)
    then = written(ROUTING, tmp_path / "routing.json")
    asked = json.loads(typed("replay", changed, "--json", "--records", questions, "--against", then).stdout)
    assert asked["matrix"] == json.loads(here.stdout)["matrix"]


def test_bad_lines_are_named_the_rest_passes_and_the_exit_code_tells(
    typed: Typed, changed: Path, tmp_path: Path
) -> None:
    lines = tmp_path / "lines.jsonl"
    lines.write_text('nothing\n{"inputs": {"customer.preference": "print", "category": "bill"}, "row": "L1"}\n')
    told = typed("replay", changed, "--records", lines)
    assert told.exit_code == 1
    assert "line 1 is set aside: JSON is malformed" in told.stderr
    assert "1 questions in 1 decisions" in told.stdout


@pytest.mark.parametrize(
    "words, said",
    [
        (("--records", "nowhere.jsonl"), "cannot be read"),
        (("--records", "nowhere.jsonl", "--since", "2026-10-01"), "not from --records"),
        (("--list", "nowhere/changes.csv"), "cannot be written"),
    ],
)
def test_wrong_use_ends_with_code_2(typed: Typed, changed: Path, words: tuple[str, ...], said: str) -> None:
    told = typed("replay", changed, *words)
    assert told.exit_code == 2
    assert said in told.stderr


def test_a_table_takes_the_place_of_one_with_another_name(typed: Typed, tmp_path: Path) -> None:
    other = json.loads(table_bytes(PRINTED, form=".json"))
    file = tmp_path / "draft.json"
    file.write_text(json.dumps({**other, "table": "draft"}))
    assert json.loads(typed("replay", file, "--json").stdout)["not_asked"] == NUMBER
    assert json.loads(typed("replay", file, "--table", "routing", "--json").stdout)["matrix"]["asked"] == NUMBER


def test_what_a_shadow_answered_is_told(typed: Typed, recorded: str) -> None:
    answers = [
        (row.communication_id, shadowed(POLICY, {"routing": [PRINTED]}, seen, decide_delivery(POLICY, seen)))
        for row in rows(NUMBER)
        if (seen := row.facts) is not None
    ]

    async def remember(pool: Pool) -> None:
        async with transaction(pool) as connection:
            await shadow_answers.remember(connection, answers, NOW)

    asyncio.run(with_pool(recorded, remember))
    told = json.loads(typed("shadows", "routing", "--json").stdout)
    assert told["asked"] == NUMBER
    assert told["differing"] == sum(answer.differs for _, each in answers for answer in each) > 0
    shown = " ".join(typed("shadows", "routing", "--sha", PRINTED.sha256[:8]).stdout.split())
    assert "E1 X1" in shown
    assert "answered otherwise" in shown
    nobody = typed("shadows", "notices")
    assert nobody.exit_code == 2
    assert "xconnector tables shadow" in nobody.stderr
