"""`connections driver`: what a design would be fed with, without a database, an installation or a trace."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.office import edit, write_office_project
from xconnector.entrypoints.cli import app

CONNECTIONS = """connections:
  exstream:
    connector: exstream
    sign_in: {preset: otds-single, url: "https://otds.test", client_id: x, client_secret: secret-of-the-test}
    orchestration: {url: "https://exstream.test/orchestration/api/v1", domain: Claims}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_office_project(tmp_path / "small")
    edit(folder, "xconnector.yaml", "connections:\n", CONNECTIONS)
    (folder / "templates" / "notice" / "exstream.yaml").write_text("driver: {format: json}\n", encoding="utf-8")
    return folder


def event(key: int, **changed: object) -> dict[str, Any]:
    data = {"number": f"N-{key}", "amount": "12.50", "customer": f"K-{key}", "name": f"Meyer {key}"}
    return {
        "specversion": "1.0",
        "id": f"notice-{key}",
        "type": "com.small.notice",
        "source": "/small",
        "data": {**data, **changed},
    }


def show(folder: Path, events: list[dict[str, Any]], *words: str, connection: str = "exstream") -> Result:
    file = folder.parent / "events.json"
    file.write_text(json.dumps(events), encoding="utf-8")
    return CliRunner().invoke(
        app,
        ["connections", "driver", connection, str(file), "--project", str(folder), *words],
        env={**os.environ, "SMTP_PORT": "2525"},
    )


def test_a_driver_is_shown_as_it_would_be_handed_over(folder: Path) -> None:
    shown = show(folder, [event(1), event(2)])

    assert shown.exit_code == 0, shown.output
    customers = json.loads(shown.stdout)
    assert [one["customer"]["name"] for one in customers] == ["Meyer 1", "Meyer 2"]
    assert [one["data"]["amount"]["value"] for one in customers] == [12.5, 12.5]
    assert "notice (template notice), 2 customers:" in shown.stderr


def test_a_driver_is_written_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    columns = "{path: communication.id, width: 36}, {path: data.number, width: 10}, {path: customer.name, width: 12}"
    (folder / "templates" / "notice" / "exstream.yaml").write_text(
        f"driver: {{format: columnar, encoding: cp1141, line_end: none, records: [{{fields: [{columns}]}}]}}\n",
        encoding="utf-8",
    )

    shown = show(folder, [event(1, name="Sämann")], "--out", str(tmp_path / "driver.dat"))

    assert shown.exit_code == 0, shown.output
    assert (tmp_path / "driver.dat").read_bytes()[36:].decode("cp273") == "N-1       Sämann      "


def test_nothing_is_left_behind(folder: Path) -> None:
    before = sorted(path for path in folder.rglob("*"))

    show(folder, [event(1)])

    assert sorted(path for path in folder.rglob("*")) == before


def test_an_event_that_leads_to_nothing_is_told_beside_the_others(folder: Path) -> None:
    shown = show(folder, [event(1, amount="much"), event(2)])

    assert shown.exit_code == 1
    assert len(json.loads(shown.stdout)) == 1
    assert "event 1: " in shown.stderr
    assert "much" not in shown.stderr


def test_a_customer_is_what_a_file_of_customers_says_until_the_event_says_otherwise(folder: Path) -> None:
    customers = folder.parent / "customers.jsonl"
    customers.write_text(
        '{"customer": "K-1", "last_name": "Alt", "first_name": "Anna", "language": "de"}\n'
        '{"customer": "K-2", "last_name": "Brandt", "as_of": "2026-01-01T00:00:00Z"}\n',
        encoding="utf-8",
    )

    shown = show(folder, [event(1), event(2, name="")], "--customers", str(customers))

    assert shown.exit_code == 0, shown.output
    first, second = json.loads(shown.stdout)
    assert (first["customer"]["name"], first["customer"]["language"]) == ("Anna Meyer 1", "de")
    assert second["customer"]["name"] == "Brandt"


def test_a_broken_line_of_customers_is_told(folder: Path) -> None:
    customers = folder.parent / "customers.jsonl"
    customers.write_text("no customer\n", encoding="utf-8")

    shown = show(folder, [event(1)], "--customers", str(customers))

    assert shown.exit_code == 2
    assert "customers.jsonl:1: " in shown.stderr


def test_a_customer_that_cannot_be_written_is_told_by_template_and_path(folder: Path) -> None:
    (folder / "templates" / "notice" / "exstream.yaml").write_text(
        "driver: {format: columnar, records: [{fields: [{path: data.number, width: 5}]}]}\nkey: {name: number}\n",
        encoding="utf-8",
    )

    shown = show(folder, [event(1, number="N-4711-secret")])

    assert shown.exit_code == 1
    assert "template 'notice', driver: data.number is wider than its 5 columns" in shown.stderr
    assert "secret" not in shown.output


@pytest.mark.parametrize(
    "connection, words, told",
    [
        ("exstrem", [], "the project has no connection 'exstrem'; did you mean 'exstream'?"),
        ("composer", [], "connection 'composer' feeds no designs of an outside system"),
        ("exstream", ["--communication", "notic"], "the project has no communication 'notic'; did you mean 'notice'?"),
        (
            "exstream",
            ["--communication", "notice_due"],
            "no event of the file asks for notice_due with a template that",
        ),
    ],
)
def test_what_has_no_driver_is_told_with_a_remedy(folder: Path, connection: str, words: list[str], told: str) -> None:
    shown = show(folder, [event(1)], *words, connection=connection)

    assert shown.exit_code == 2
    assert told in " ".join(shown.stderr.split())


def test_a_file_without_events_is_told(folder: Path) -> None:
    shown = show(folder, [{"no": "event"}])

    assert shown.exit_code == 2
    assert "events.json, event 1:" in shown.stderr


def test_a_customer_that_cannot_be_written_is_named_and_the_others_are_written(folder: Path) -> None:
    (folder / "templates" / "notice" / "exstream.yaml").write_text(
        "driver: {format: columnar, records: [{fields: [{path: communication.id, width: 36}, "
        "{path: customer.name, width: 7}]}]}\n",
        encoding="utf-8",
    )

    shown = show(folder, [event(1), event(2, name="Meyer-Landruth"), event(3), event(4, name="Montgomery")])

    assert shown.exit_code == 1
    assert [line[36:] for line in shown.stdout.splitlines()] == ["Meyer 1", "Meyer 3"]
    told = [line for line in shown.stderr.splitlines() if line.startswith("event ")]
    assert [line.split(":")[0] for line in told] == ["event 2, notice", "event 4, notice"]
    assert all("customer.name is wider than its 7 columns" in line for line in told)
    assert "Landruth" not in shown.output


def test_where_no_customer_can_be_written_there_is_no_driver(folder: Path) -> None:
    (folder / "templates" / "notice" / "exstream.yaml").write_text(
        "driver: {format: json, fields: {Id: communication.id, Mail: {path: customer.email, required: true}}}\n",
        encoding="utf-8",
    )

    shown = show(folder, [event(1)])

    assert (shown.exit_code, shown.stdout) == (1, "")
    assert "customer.email is missing" in shown.stderr
