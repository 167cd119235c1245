"""`customers load`, `loads` and `rejects` as a person types them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from tests.conftest import own_database
from tests.entrypoints.small_office import Desk
from tests.office import write_office_project
from xconnector.testing.small_project import row, write_run


@pytest.fixture
def desk(postgres: str, migrated_template: str, tmp_path: Path) -> Iterator[Desk]:
    folder = write_office_project(tmp_path / "project")
    with own_database(postgres, template=migrated_template) as name:
        yield Desk(folder=folder, database=make_conninfo(postgres, dbname=name), run="")


def test_what_a_load_sets_aside_is_named_without_its_content(desk: Desk, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text('{"customer": "K-1", "last_name": "Meyer"}\n\n{"customer": "K-2", "city": "Bern"}\n')
    bad.write_text('{"customer": "K-3", "city": "Bern"}\n{"last_name": "Huber"}\n')

    strict = desk.type("customers", "load", str(good), str(bad), "--strict")
    loaded = desk.type("customers", "load", str(good), str(bad))
    listed = json.loads(desk.type("customers", "loads", "--json").stdout)
    named = desk.type("customers", "rejects", next(one["load_id"] for one in listed if one["set_aside"]))

    assert (strict.exit_code, loaded.exit_code) == (2, 1)
    assert "good.jsonl: 2 records from crm: 2 kept, 0 unchanged, 0 set aside" in loaded.stdout
    assert "bad.jsonl: 2 records from crm: 1 kept, 0 unchanged, 1 set aside" in loaded.stdout
    assert {one["file_name"]: (one["records"], one["kept"], one["set_aside"]) for one in listed} == {
        "good.jsonl": (2, 2, 0),
        "bad.jsonl": (2, 1, 1),
    }
    assert "bad.jsonl:2" in strict.stderr
    assert "bad.jsonl:2" in loaded.stderr
    assert "bad.jsonl:2" in named.stdout
    assert "Huber" not in strict.output + loaded.output + named.output


def test_a_full_load_says_whom_it_retracts(desk: Desk, tmp_path: Path) -> None:
    before, after = tmp_path / "before.jsonl", tmp_path / "after.jsonl"
    before.write_text('{"customer": "K-1", "city": "Bern"}\n{"customer": "K-2", "city": "Bern"}\n')
    after.write_text('{"customer": "K-1", "city": "Bern"}\n')

    first = desk.type("customers", "load", str(before))
    refused = desk.type("customers", "load", str(after), "--full")
    done = desk.type("customers", "load", str(after), "--full", "--most-gone", "50%")

    assert (first.exit_code, refused.exit_code, done.exit_code) == (0, 2, 0)
    assert "1 of the 2 customers of crm are missing" in refused.stderr
    assert "1 customers retracted" in done.stdout


@pytest.mark.parametrize(
    "words, said",
    [
        (["--as-of", "soon"], "--as-of is a time"),
        (["--full", "--most-gone", "many"], "--most-gone is a share"),
        (["--feed", "nobody"], "those that do: notice_runs"),
    ],
)
def test_what_is_typed_wrong_is_told(desk: Desk, tmp_path: Path, words: list[str], said: str) -> None:
    file = tmp_path / "crm.jsonl"
    file.write_text('{"customer": "K-1"}\n')
    refused = desk.type("customers", "load", str(file), *words)

    assert refused.exit_code == 2
    assert said in refused.stderr


def test_a_feed_reads_its_files_by_its_mapping(desk: Desk, tmp_path: Path) -> None:
    file = write_run(tmp_path / "notices.csv", [row("1"), row("2")])
    feed = desk.type("customers", "load", str(file), "--feed", "notice_runs", "--json")

    assert feed.exit_code == 0, feed.output
    (load,) = json.loads(feed.stdout)["loads"]
    assert (load["source"], load["feed"], load["records"], load["kept"]) == ("notice_runs", "notice_runs", 2, 2)


def test_a_feed_whose_file_is_not_what_was_declared_keeps_nothing(desk: Desk, tmp_path: Path) -> None:
    file = write_run(tmp_path / "notices.csv", [row("1"), row("2")])
    rows = file.read_text().splitlines()
    file.write_text("\n".join([*rows[:1], *rows[2:]]) + "\n")
    refused = desk.type("customers", "load", str(file), "--feed", "notice_runs")

    assert refused.exit_code == 2
    assert "2 records declared, 1 read" in refused.stderr
    assert json.loads(desk.type("customers", "loads", "--json").stdout) == []
