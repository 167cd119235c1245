import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.conftest import own_database
from tests.entrypoints.small_office import Desk, desk_with_a_past
from xconnector.testing.small_project import row, write_run


@pytest.fixture(scope="module")
def desk(postgres: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_with_a_past(postgres, migrated_template, tmp_path_factory.mktemp("desk") / "small") as opened:
        yield opened


@pytest.fixture
def own_desk(postgres: str, desk: Desk) -> Iterator[Desk]:
    """The same past on a database of its own, for verbs that change something."""
    with own_database(postgres, template=str(conninfo_to_dict(desk.database)["dbname"])) as name:
        yield replace(desk, database=make_conninfo(postgres, dbname=name))


def test_status_counts_and_names_the_latest_runs(desk: Desk) -> None:
    plain, told = desk.type("status"), desk.type("status", "--json")

    assert plain.exit_code == told.exit_code == 0
    assert desk.run in plain.stdout.replace("\n", "")
    found = json.loads(told.stdout)
    assert found["reviews_waiting"] == 1
    assert found["failures"] == 1
    assert {(row["name"], row["state"]): row["number"] for row in found["counts"]} == {
        ("notice", "in_review"): 1,
        ("notice_due", "completed"): 2,
        ("notice_due", "failed"): 1,
        ("notice_due", "suppressed"): 1,
    }


def test_status_tells_what_must_leave_by_law(desk: Desk) -> None:
    plain, alone = desk.type("status"), desk.type("status", "--deadlines")
    told, of_it = (json.loads(desk.type("status", *words, "--json").stdout) for words in ((), ("--deadlines",)))

    assert plain.exit_code == alone.exit_code == 0
    assert "nothing that the law wants to leave within three days is still here" in " ".join(plain.stdout.split())
    assert "Must leave by law" in alone.stdout
    assert of_it == {"deadlines": {"past": 0, "today": 0, "soon": 0, "next": []}}
    assert told["deadlines"] == of_it["deadlines"]


def test_reconcile_prints_a_sum_that_closes(desk: Desk) -> None:
    plain, told = desk.type("reconcile", desk.run), desk.type("reconcile", desk.run, "--json")

    assert plain.exit_code == told.exit_code == 0
    assert "closes" in plain.stdout
    found = json.loads(told.stdout)
    assert (found["in"], found["completed"], found["suppressed"], found["failed"]) == (4, 2, 1, 1)
    assert found["closes"]
    assert found["difference"] == 0


def test_reconcile_accounts_for_a_day_and_for_everything(desk: Desk) -> None:
    everything = json.loads(desk.type("reconcile", "--json").stdout)
    long_ago = json.loads(desk.type("reconcile", "--day", "2001-01-01", "--json").stdout)

    assert everything["in"] == 5
    assert long_ago["in"] == 0
    assert long_ago["closes"]


def test_explain_tells_the_whole_history_and_the_reason_of_the_route(desk: Desk) -> None:
    plain, told = desk.type("explain", "mailed"), desk.type("explain", "mailed", "--json")
    assert "when (Europe/Berlin)" in plain.stdout

    assert plain.exit_code == told.exit_code == 0
    words = " ".join(plain.stdout.split())
    assert "by row R3" in words
    events = [entry["event"] for entry in json.loads(told.stdout)["history"]]
    assert events == [
        "received",
        "triggered",
        "decided",
        "composed",
        "released",
        "archived",
        "dispatching",
        "completed",
    ]


def test_explain_says_how_well_each_hand_over_and_report_is_proven(desk: Desk) -> None:
    plain, told = desk.type("explain", "mailed"), json.loads(desk.type("explain", "mailed", "--json").stdout)

    assert "Hand-overs" in plain.stdout
    assert (told["evidence"], told["delivery_status"]) == ("handed over", "accepted")
    assert [(one["connection"], one["evidence"], one["segments"], one["price"]) for one in told["handovers"]] == [
        ("email", "handed over", None, None)
    ]


def test_explain_says_at_its_top_in_one_sentence_why_it_goes_this_way(desk: Desk) -> None:
    mailed, silent = desk.type("explain", "mailed"), desk.type("explain", "silent")

    assert "It goes by e-mail because row R3 of routing says so (Rule 3)." in " ".join(mailed.stdout.split())
    said = "It was not sent because row R1 of routing suppresses it: opt-out (Rule 1)."
    assert said in " ".join(silent.stdout.split("History")[0].split())


def test_explain_why_tells_every_check_with_row_law_and_what_the_table_saw(desk: Desk) -> None:
    words = " ".join(desk.type("explain", "mailed", "--why").stdout.split())
    told = json.loads(desk.type("explain", "mailed", "--json").stdout)["decided"]

    assert "email → print" in words
    assert "1. preference: email, print (row R3 of routing, Rule 3)" in words
    assert "row R1 does not fit: customer.preference is none, it takes nothing" in words
    assert "What the tables saw" in words
    assert "data.amount" in words
    assert told["why"] == "It goes by e-mail because row R3 of routing says so (Rule 3)."
    assert [step["line"] for step in told["accounts"][0]["steps"]] == [
        "1. preference: email, print (row R3 of routing, Rule 3)"
    ]


def test_failures_are_grouped_by_cause_and_listed_one_by_one(desk: Desk) -> None:
    (group,) = json.loads(desk.type("failures", "--json").stdout)
    (failure,) = json.loads(desk.type("failures", "--group", group["fingerprint"], "--json").stdout)
    of_run = json.loads(desk.type("failures", "--run", desk.run, "--json").stdout)
    plain = desk.type("failures")

    assert (group["number"], group["stage"], group["kind"]) == (1, "decide", "project")
    assert failure["source_key"] == "odd"
    assert failure["position"] is not None
    assert len(of_run) == 1
    assert plain.exit_code == 0


def test_reviews_are_listed_and_their_documents_shown(desk: Desk, tmp_path: Path) -> None:
    (review,) = json.loads(desk.type("review", "list", "--json").stdout)
    shown = desk.type("review", "show", "reviewed", "--to", str(tmp_path))
    nobody = json.loads(desk.type("review", "list", "--role", "legal", "--json").stdout)

    assert review["role"] == "compliance"
    assert nobody == []
    (path,) = [Path(line) for line in shown.stdout.splitlines()]
    assert path.read_bytes().startswith(b"%PDF-")


def test_a_verdict_without_the_role_or_on_another_document_is_wrong_use(desk: Desk) -> None:
    (review,) = json.loads(desk.type("review", "list", "--json").stdout)
    digest = review["document_sha256"]

    for words in (
        ("review", "approve", "reviewed", digest, "--as", "ben"),
        ("review", "approve", "reviewed", "0" * 64, "--as", "anna"),
        ("review", "reject", "nothing-like-it", digest, "--as", "anna"),
    ):
        refused = desk.type(*words)
        assert refused.exit_code == 2
        assert refused.stderr.strip()
        assert "Traceback" not in refused.output


def test_what_is_archived_can_be_got_back(desk: Desk, tmp_path: Path) -> None:
    got = desk.type("archive", "get", "printed", "--to", str(tmp_path))

    assert got.exit_code == 0
    (path,) = [Path(line) for line in got.stdout.splitlines()]
    assert path.read_bytes().startswith(b"%PDF-")


def test_a_run_is_taken_in_and_named(own_desk: Desk, tmp_path: Path) -> None:
    file = write_run(tmp_path / "more.csv", [row("more-1"), row("more-2")])
    taken = own_desk.type("run", str(file), "--feed", "notice_runs", "--json")

    assert taken.exit_code == 0
    found = json.loads(own_desk.type("reconcile", json.loads(taken.stdout)["name"], "--json").stdout)
    assert (found["in"], found["in_progress"], found["closes"]) == (2, 2, True)


def test_events_are_handed_in_from_a_file_and_refused_ones_end_with_code_1(own_desk: Desk, tmp_path: Path) -> None:
    def event(amount: str) -> str:
        data = {"number": "s", "customer": "K-s", "name": "Meyer", "amount": amount}
        envelope = {"specversion": "1.0", "id": "s-1", "source": "crm", "type": "com.small.notice", "data": data}
        return json.dumps(envelope)

    file = tmp_path / "events.jsonl"
    file.write_text(event("5.00") + "\n" + event("5.00") + "\n")
    first = own_desk.type("send", str(file), "--json")
    file.write_text(event("6.00"))
    second = own_desk.type("send", str(file))

    assert first.exit_code == 0
    assert [row["fate"] for row in json.loads(first.stdout)] == ["taken", "repeated"]
    assert second.exit_code == 1


def test_check_and_test_prove_the_project(desk: Desk) -> None:
    checked = desk.type("check", "--json")
    tested = desk.type("test", "--json")

    assert (checked.exit_code, json.loads(checked.stdout)) == (0, {"findings": [], "notices": []})
    assert (tested.exit_code, json.loads(tested.stdout)) == (0, [])


def test_connections_that_cannot_be_reached_end_with_code_1(desk: Desk) -> None:
    told = desk.type("connections", "check", "--json")

    assert told.exit_code == 1
    found = {row["name"]: row["problem"] for row in json.loads(told.stdout)}
    assert "cannot be reached" in found["email"]
    assert found["archive"] is None


def test_init_makes_a_project_and_nothing_over_another(tmp_path: Path, desk: Desk) -> None:
    made = desk.type("init", str(tmp_path / "acme"), "--example", "bank")
    again = desk.type("init", str(tmp_path / "acme"), "--example", "bank")

    assert made.exit_code == 0
    assert (tmp_path / "acme" / "xconnector.yaml").is_file()
    assert again.exit_code == 2


@pytest.mark.parametrize(
    "words, told",
    [
        (("reconcile", "no-such-run"), "xconnector status"),
        (("reconcile", "a-run", "--day", "2026-01-01"), "not both"),
        (("explain", "no-such-key"), "no-such-key"),
        (("reprocess", "--all"), "--reason"),
        (("reprocess", "--reason", "why"), "say which"),
        (("reprocess", "--run", "no-such-run", "--reason", "why"), "xconnector status"),
        (("run", __file__, "--feed", "nothing"), "notice_runs"),
        (("run", "/dev/null", "--feed", "notice_runs"), "no ordinary file"),
        (("failures", "--group", "no-such-cause"), "no-such-cause"),
        (("settle", "arrived", "--group", "no-such-cause", "--reason", "why"), "unknown outcome"),
        (("review", "reject", "0", "12345678", "--as", "anna"), "--reason"),
        (("send", "/no/such/file.json"), "No such file"),
        (("customers", "load", "/no/such/file.jsonl"), "file.jsonl"),
        (("archive", "get", "no-such-key"), "no-such-key"),
        (("init", "/no/such/folder", "--example", "zoo"), "insurer"),
    ],
)
def test_wrong_use_ends_with_code_2_and_the_remedy(desk: Desk, words: tuple[str, ...], told: str) -> None:
    refused = desk.type(*words)

    assert refused.exit_code == 2, refused.output
    assert told in " ".join(refused.stderr.split())
    assert "Traceback" not in refused.output


def test_a_reprocessed_failure_is_started_again(own_desk: Desk) -> None:
    done = own_desk.type("reprocess", "--communication", "odd", "--reason", "the table was mended", "--json")

    assert done.exit_code == 0
    assert json.loads(done.stdout) == {"started": 1, "left": 0}
    assert json.loads(own_desk.type("reconcile", own_desk.run, "--json").stdout)["closes"]


def test_a_dry_run_tells_what_another_mapping_would_make_of_what_came(desk: Desk) -> None:
    other = desk.folder / "mappings/other.yaml"
    other.write_text((desk.folder / "mappings/notice.yaml").read_text().replace("amount: amount", "amount: number"))
    try:
        told = desk.type("map", "--recorded", "notice_events", "--with", "other")
        lines = desk.type("map", "--recorded", "notice_events", "--with", "other", "--json").stdout.splitlines()
        nobody = desk.type("map", "--recorded", "notice_event", "--with", "other")
    finally:
        other.unlink()

    assert "1 records, 1 differ" in told.stdout
    assert "amount: 2000.00 → reviewed" in told.stdout
    assert [json.loads(line).get("source_key") for line in lines] == ["reviewed", None]
    assert (nobody.exit_code, "did you mean" in nobody.stderr) == (2, True)


def test_explain_tells_where_each_value_came_from(desk: Desk) -> None:
    told = desk.type("explain", "reviewed", "--data")

    assert "data.amount" in told.stdout
    assert "crm 2026-11-23" in told.stdout


def test_a_project_without_further_providers_is_told_so(desk: Desk) -> None:
    assert "No channel has further providers" in desk.type("connections", "providers").stdout
    assert desk.type("connections", "providers", "--json").stdout.strip() == "[]"
