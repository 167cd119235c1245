import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.office import edit, write_office_project
from xconnector.entrypoints.cli import app

Typed = Callable[..., Result]

TOMORROW = str(datetime.now(UTC).date() + timedelta(days=2))
PEOPLE = "people: {anna: {roles: [compliance]}, ben: {roles: [legal]}}\n"
GOVERNED = "people: {anna: {roles: [compliance]}, ben: {roles: [compliance]}}\ntables: {approved_by: compliance}\n"
WHY = ("--why", "the law changed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = write_office_project(tmp_path / "small")
    edit(made, "xconnector.yaml", PEOPLE, GOVERNED)
    return made


@pytest.fixture
def typed(folder: Path, database: str) -> Typed:
    """Type a verb of `tables` on a governed project with a database of its own."""
    environment = {
        **os.environ,
        "XCONNECTOR_DATABASE_URL": database,
        "XCONNECTOR_PROJECT": str(folder),
        "SMTP_PORT": "2525",
    }
    return lambda *words: CliRunner().invoke(app, list(words), env=environment)


def proposed(typed: Typed, folder: Path, by: str = "anna") -> str:
    told = typed("tables", "propose", str(folder / "tables/routing.md"), "--by", by, *WHY, "--json")
    assert told.exit_code == 0, told.output
    return str(json.loads(told.stdout)["version"]["sha256"])


def test_a_version_is_proposed_approved_shown_and_revoked(typed: Typed, folder: Path) -> None:
    sha256 = proposed(typed, folder)
    word = ("routing", "--sha", sha256[:8], "--by", "ben", *WHY)

    approved = typed("tables", "approve", *word, "--from", TOMORROW)
    assert approved.stdout == f"routing@{sha256} is approved, in force from {TOMORROW}\n"
    assert "nothing was added" in typed("tables", "approve", *word, "--from", TOMORROW).stdout
    shown = typed("tables", "versions", "routing")
    assert f"routing@{sha256[:12]}" in shown.stdout
    assert "proposed by anna" in shown.stdout
    assert f"approved from {TOMORROW} by ben" in " ".join(shown.stdout.split())
    assert typed("tables", "revoke", *word).stdout == f"routing@{sha256} is revoked\n"

    (told,) = json.loads(typed("tables", "versions", "--json").stdout)
    assert (told["standing"], told["in_force_from"]) == ("revoked", None)
    assert [said["act"] for said in told["said"]] == ["proposed", "approved", "revoked"]


def test_what_cannot_be_said_ends_with_code_2_and_a_remedy(typed: Typed, folder: Path) -> None:
    sha256 = proposed(typed, folder)
    own = typed("tables", "approve", "routing", "--sha", sha256, "--by", "anna", "--from", TOMORROW, *WHY)
    odd = typed("tables", "approve", "routing", "--sha", sha256, "--by", "ben", "--from", "soon", *WHY)
    strange = typed("tables", "reject", "routing", "--sha", "0" * 8, "--by", "ben", *WHY)
    nobody = typed("tables", "withdraw", "routing", "--sha", sha256, "--by", "eve", *WHY)

    assert [one.exit_code for one in (own, odd, strange, nobody)] == [2, 2, 2, 2]
    assert "a second person must approve it" in own.stderr
    assert "write it as 2026-12-31" in odd.stderr
    assert "xconnector tables versions" in strange.stderr
    assert "'eve' is not among `people`" in nobody.stderr


def test_a_proposal_is_withdrawn_or_rejected_and_a_shadow_ends(typed: Typed, folder: Path) -> None:
    sha256 = proposed(typed, folder)
    by_ben = ("routing", "--sha", sha256, "--by", "ben", *WHY)
    assert typed("tables", "shadow", *by_ben).exit_code == 0
    assert "in the shadow" in " ".join(typed("tables", "versions").stdout.split())
    assert typed("tables", "shadow", *by_ben, "--end").exit_code == 0
    assert "in the shadow" not in " ".join(typed("tables", "versions").stdout.split())

    assert "is rejected" in typed("tables", "reject", *by_ben).stdout
    assert proposed(typed, folder) == sha256
    withdrawn = typed("tables", "withdraw", "routing", "--sha", sha256, "--by", "anna", *WHY)
    assert "is withdrawn" in withdrawn.stdout


def test_a_table_that_nobody_has_a_file_of_any_more_is_printed(typed: Typed, folder: Path) -> None:
    sha256 = proposed(typed, folder)
    edit(folder, "tables/routing.md", "<= 500", "<= 400")

    shown = typed("tables", "show", f"routing@{sha256[:8]}")

    assert shown.exit_code == 0
    assert "<= 500" in shown.stdout


def test_what_is_in_force_on_a_day_is_printed(typed: Typed, folder: Path) -> None:
    sha256 = proposed(typed, folder)
    typed("tables", "approve", "routing", "--sha", sha256, "--by", "ben", "--from", TOMORROW, *WHY)

    today, then = typed("tables", "show", "routing"), typed("tables", "show", "routing", "--on", TOMORROW)

    assert today.exit_code == 2
    assert "no version of table 'routing' is in force" in today.stderr
    assert (then.exit_code, "<= 500" in then.stdout) == (0, True)


def test_a_kept_version_is_compared_with_a_file(typed: Typed, folder: Path) -> None:
    version = f"routing@{proposed(typed, folder)[:10]}"
    edit(folder, "tables/routing.md", "<= 500", "<= 400")

    told = typed("tables", "diff", version, str(folder / "tables/routing.md"))

    assert told.stdout == "row R4: when data.amount <= 500 becomes <= 400\n"
    assert typed("tables", "diff", version, version).stdout == "no difference\n"


def test_the_ledger_of_tables_is_proven(typed: Typed, folder: Path) -> None:
    assert typed("tables", "verify").stdout == (
        "0 events, as they were written; the last one is none\n0 tables and 0 policies, as they were kept\n"
    )
    proposed(typed, folder)

    told = json.loads(typed("tables", "verify", "--json").stdout)

    assert (told["events"], told["broken"], len(told["head"])) == (1, None, 64)
    assert told["kept"] == {"tables": 1, "policies": 0, "spoiled": []}


def test_check_tells_how_files_differ_from_the_versions_that_decide(typed: Typed) -> None:
    plain, told = typed("check"), typed("check", "--json")

    assert (plain.exit_code, told.exit_code) == (0, 0)
    assert "no version is in force" in plain.stderr
    assert "no mistake found" in plain.stdout
    assert len(json.loads(told.stdout)["notices"]) == 1


def test_a_role_that_nobody_has_is_found(typed: Typed, folder: Path) -> None:
    edit(folder, "xconnector.yaml", "approved_by: compliance", "approved_by: complaince")

    told = typed("check")

    assert told.exit_code == 2
    assert "nobody has the role 'complaince' → did you mean 'compliance'?" in told.stderr
