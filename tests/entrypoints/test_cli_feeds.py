"""`feeds` and `contracts`, as the person sees them who looks after sources."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.entrypoints.small_office import Desk, desk_with_a_past
from xconnector.entrypoints.cli import app
from xconnector.testing.small_project import row, write_run


@pytest.fixture(scope="module")
def desk(postgres: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_with_a_past(postgres, migrated_template, tmp_path_factory.mktemp("feeds") / "small") as opened:
        yield opened


def test_feeds_are_shown_a_line_each(desk: Desk) -> None:
    plain, told = desk.type("feeds"), desk.type("feeds", "--json")

    assert plain.exit_code == told.exit_code == 0
    assert "notice_runs" in plain.stdout
    events, runs = json.loads(told.stdout)
    assert (events["feed"], events["source"], events["state"], events["is_fresh"]) == (
        "notice_events", "events", "goes on", None,
    )  # fmt: skip
    assert (runs["feed"], runs["source"], runs["waiting"]) == ("notice_runs", "csv_file", 0)


def test_a_feed_is_stopped_and_goes_on_with_what_waited(desk: Desk) -> None:
    assert desk.type("feeds", "pause", "notice_runs").exit_code == 2
    stopped = desk.type("feeds", "pause", "notice_runs", "--reason", "a new [release]", "--by", "anna")
    file = write_run(desk.folder / "later.csv", [row("later-1"), row("later-2")])
    taken = desk.type("run", str(file), "--feed", "notice_runs")
    shown, told = desk.type("feeds", "show", "notice_runs"), desk.type("status")
    line = json.loads(desk.type("feeds", "list", "--json").stdout)[1]
    resumed = desk.type("feeds", "resume", "notice_runs", "--by", "ben")
    again = desk.type("feeds", "resume", "notice_runs")

    assert stopped.exit_code == taken.exit_code == shown.exit_code == resumed.exit_code == 0
    assert "It waits: feed notice_runs is stopped" in " ".join(taken.stdout.split())
    assert "is stopped by anna since" in shown.stdout
    assert "a new [release]" in " ".join(shown.stdout.split())
    assert "notice_runs is stopped" in " ".join(told.stdout.split())
    assert (line["state"], line["waiting"], line["reason"]) == ("stopped", 2, "a new [release]")
    assert "goes on with 1 batch that waited" in resumed.stdout
    assert (again.exit_code, again.stderr) == (
        2, "feed notice_runs is not stopped; `xconnector feeds` lists those there are\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    "words, told",
    [
        (["feeds", "show", "notice_run"], "there is no feed 'notice_run': did you mean 'notice_runs'?"),
        (
            ["feeds", "replay", "notice_runs", "--since", "2026-11-02", "--until", "2026-11-01", "--dry-run"],
            "--since is not before --until",
        ),
        (["contracts", "infer", "nobody"], "there is no feed 'nobody'"),
        (["contracts", "infer", "notice_runs", "--to", "../x"], "name the contract with letters"),
        (["contracts", "diff", "/nowhere.json", "/nowhere.json"], "cannot be read"),
    ],
)
def test_wrong_use_is_told_with_a_remedy(desk: Desk, words: list[str], told: str) -> None:
    result = desk.type(*words)

    assert result.exit_code == 2
    assert told in result.stderr


def test_a_first_contract_is_made_of_what_a_feed_took(desk: Desk) -> None:
    printed = desk.type("contracts", "infer", "notice_events")
    written = desk.type("contracts", "infer", "notice_events", "--to", "made")
    again = desk.type("contracts", "infer", "notice_events", "--to", "made")

    schema = json.loads(printed.stdout)
    assert "customer" in schema["required"]
    assert written.exit_code == 0
    assert json.loads((desk.folder / "contracts/made.schema.json").read_text()) == schema
    assert again.exit_code == 2
    assert "is there already" in again.stderr


def test_a_file_is_read_as_its_feed_reads_it(desk: Desk) -> None:
    file = write_run(desk.folder / "some.csv", [row("some-1")])
    told = desk.type("contracts", "infer", str(file), "--feed", "notice_runs")

    assert json.loads(told.stdout)["properties"]["amount"]["pattern"] == "^-?[0-9]+([.][0-9]+)?$"


def test_what_a_new_version_changes_ends_a_pipeline_where_it_breaks(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text('{"required": ["a"], "properties": {"a": {"type": "string"}}}')

    def codes(schema: str) -> tuple[int, int]:
        new.write_text(schema)
        words = ["contracts", "diff", str(old), str(new)]
        return CliRunner().invoke(app, words).exit_code, CliRunner().invoke(app, [*words, "--strict"]).exit_code

    assert codes(old.read_text()) == (0, 0)
    assert codes('{"properties": {"a": {"type": "string"}}}') == (0, 1)
    assert codes('{"required": ["a"], "properties": {"a": {"type": "integer"}}}') == (1, 1)
    assert codes("[]") == (2, 2)


def test_a_drop_is_looked_into_and_its_files_are_listed(desk: Desk) -> None:
    project = desk.folder / "xconnector.yaml"
    before = project.read_text(encoding="utf-8")
    with_drop = before.replace("connection: notices,", "connection: notices, drop: arrivals,")
    drop = "connections:\n  arrivals: {connector: folder_drop, folder: in, stable_for: 0s}\n"
    project.write_text(with_drop.replace("connections:\n", drop), encoding="utf-8")
    (desk.folder / "in").mkdir()
    write_run(desk.folder / "in" / "good.csv", [row("dropped")])
    write_run(desk.folder / "in" / "short.csv", [row("short")], declared=2)
    try:
        pulled, shown = desk.type("feeds", "pull", "notice_runs"), desk.type("feeds")
        files = json.loads(desk.type("feeds", "files", "notice_runs", "--json").stdout)
        failures = desk.type("failures")
        checked = desk.type("connections", "check")
    finally:
        project.write_text(before, encoding="utf-8")

    assert (pulled.exit_code, pulled.stdout) == (0, "notice_runs is up to date\n")
    assert sorted((file["name"], file["state"]) for file in files) == [("good.csv", "taken"), ("short.csv", "failed")]
    assert "Asked, or looked into" in shown.stdout
    assert "could not be taken in" in " ".join(failures.stdout.split())
    assert "arrivals" in checked.stdout


@pytest.mark.parametrize("verb", ["pull", "files", "restart"])
def test_a_feed_that_comes_by_itself_is_neither_asked_nor_begun_anew(desk: Desk, verb: str) -> None:
    refused = desk.type("feeds", verb, "notice_events")

    assert refused.exit_code == 2
    assert "notice_events" in refused.stderr
