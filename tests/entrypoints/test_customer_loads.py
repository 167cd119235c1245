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
    assert "after.jsonl: 1 record from crm" in done.stdout
    assert "1 customer retracted" in done.stdout


def test_an_empty_file_ends_nobody_unless_that_is_said(desk: Desk, tmp_path: Path) -> None:
    before, empty = tmp_path / "before.jsonl", tmp_path / "empty.jsonl"
    before.write_text('{"customer": "K-1", "city": "Bern"}\n')
    empty.write_text("")

    desk.type("customers", "load", str(before))
    refused = desk.type("customers", "load", str(empty), "--full", "--most-gone", "99%")
    done = desk.type("customers", "load", str(empty), "--full", "--most-gone", "100%")

    assert refused.exit_code == 2
    assert "empty.jsonl holds nobody of the 1 customer of crm" in refused.stderr
    assert "1 customer retracted" in done.stdout


def test_fields_that_nobody_knows_are_named_once_and_kept(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "crm.jsonl"
    lines = [{"customer": f"K-{at}", "emial": "a@x.test", "city": "Bern"} for at in range(3)]
    file.write_text("\n".join(map(json.dumps, lines)))

    loaded = desk.type("customers", "load", str(file))
    listed = desk.type("customers", "loads")
    shown = json.loads(desk.type("customers", "show", "K-1", "--json").stdout)["golden"]

    told = "crm.jsonl: 3 records with the field 'emial', which nobody knows: it is kept; did you mean 'email'?"
    assert loaded.stderr.count("emial") == 1
    assert told in loaded.stderr
    assert "gave fields that nobody knows: 'emial' (3 records)" in listed.stdout
    assert {one["name"] for one in shown} == {"emial", "city"}


def test_a_file_that_cannot_be_read_to_its_end_is_a_load_that_failed(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    header, good = "customer_id;lastname;e_mail\n", "K-1;Meyer;a@x.test\n"
    file.write_text(f'{header}{good}K-2;"Hub"er";b@x.test\n')

    failed = desk.type("customers", "load", str(file))
    (load,) = json.loads(desk.type("customers", "loads", "--json").stdout)
    listed = desk.type("customers", "loads")
    file.write_text(f"{header}{good}K-2;Huber;b@x.test\n")
    mended = desk.type("customers", "load", str(file))

    assert failed.exit_code == 2
    assert "people.csv, line 3: a quote opened in this row" in failed.stderr
    assert "give the same command again" in failed.stderr
    assert load["ended_at"] is not None
    assert "failed: people.csv, line 3" in listed.stdout
    assert mended.exit_code == 0, mended.output


@pytest.mark.parametrize(
    "line, told",
    [
        ('{"customer": "K-1", "last_name": "Müller"}'.encode("latin-1"), "the line is not UTF-8"),
        (b'{"customer": "K-1", "email": "a@x.test", "email": "b@x.test"}', "an object has the same key twice"),
        (b'{"customer": "K-1", "last_name": "a\\u0000b"}', "text holds a NUL character"),
    ],
)
def test_what_nobody_can_read_alike_is_set_aside_and_found_by_the_beginning_of_the_loads_id(
    desk: Desk, tmp_path: Path, line: bytes, told: str
) -> None:
    file = tmp_path / "crm.jsonl"
    file.write_bytes(b'{"customer": "K-0", "city": "Bern"}\n' + line + b"\n")

    loaded = desk.type("customers", "load", str(file))
    (load,) = json.loads(desk.type("customers", "loads", "--json").stdout)
    named = desk.type("customers", "rejects", load["load_id"][:8])

    assert (loaded.exit_code, load["kept"], load["set_aside"]) == (1, 1, 1)
    assert f"crm.jsonl:2: {told}" in named.stdout
    assert "there is no load 'zz'" in desk.type("customers", "rejects", "zz").stderr


def test_a_file_that_is_packed_only_by_its_name_is_refused(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "crm.jsonl.gz"
    file.write_text('{"customer": "K-1"}\n')

    assert "is called .gz and is not packed by gzip" in desk.type("customers", "load", str(file)).stderr


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
