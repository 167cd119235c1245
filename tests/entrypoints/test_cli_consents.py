import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.conftest import own_database
from tests.entrypoints.small_office import Desk, desk_with_a_past


@pytest.fixture(scope="module")
def past(postgres: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_with_a_past(postgres, migrated_template, tmp_path_factory.mktemp("desk") / "small") as opened:
        yield opened


@pytest.fixture
def desk(postgres: str, past: Desk) -> Iterator[Desk]:
    """The past on a database of its own. Customer K-mailed has a mailbox."""
    with own_database(postgres, template=str(conninfo_to_dict(past.database)["dbname"])) as name:
        yield replace(past, database=make_conninfo(postgres, dbname=name))


def typed(desk: Desk, *words: str) -> str:
    result = desk.type("customers", *words)
    assert result.exit_code == 0, result.output
    return result.stdout


def shown(desk: Desk, customer: str = "K-mailed") -> dict[str, Any]:
    return json.loads(typed(desk, "show", customer, "--json"))


def mail(standing: dict[str, Any]) -> dict[str, Any]:
    """What holds now for e-mail."""
    (found,) = [one for one in standing["media"] if one["medium"] == "email"]
    return found


def test_a_grant_is_recorded_with_its_proof_and_a_withdrawal_beats_it(desk: Desk) -> None:
    typed(
        desk, "consent", "K-mailed", "grant", "--medium", "email", "--scope", "contract", "--by", "ann",
        "--method", "paper", "--evidence", "scan 17", "--wording", "esign-3", "--language", "en", "--shown",
        "--at", "2026-01-01T08:00", "--expires", "2999-01-01",
    )  # fmt: skip
    granted = shown(desk)
    typed(desk, "consent", "K-mailed", "withdraw", "--medium", "email")
    typed(desk, "consent", "K-mailed", "grant", "--medium", "email", "--scope", "contract", "--at", "2026-01-02T08:00")
    withdrawn = shown(desk)

    assert (mail(granted)["consent"], mail(granted)["basis"], mail(granted)["shown"]) == ("given", "express", True)
    (word,) = granted["consents"]
    assert (word["actor"], word["evidence"], word["wording"]) == ("ann", "scan 17", "esign-3")
    assert word["occurred_at"] == "2026-01-01T07:00:00Z"
    assert mail(withdrawn)["consent"] == "withdrawn"
    assert [(one["scope"], one["action"]) for one in withdrawn["consents"]] == [
        ("contract", "grant"),
        ("contract", "grant"),
        ("all", "withdraw"),
    ]


def test_the_same_word_is_recorded_once(desk: Desk) -> None:
    words = ("consent", "K-mailed", "grant", "--medium", "email", "--scope", "all", "--at", "2026-01-01T08:00Z")

    assert typed(desk, *words) == "recorded\n"
    assert typed(desk, *words) == "known already, word for word\n"
    assert len(shown(desk)["consents"]) == 1


def test_what_is_suppressed_is_allowed_again_and_both_stay(desk: Desk) -> None:
    typed(desk, "suppress", "K-mailed", "--medium", "email", "--reason", "address", "--by", "ann", "--note", "call 5")
    suppressed = shown(desk)
    typed(desk, "allow", "K-mailed", "--medium", "email", "--by", "ben")
    allowed = shown(desk)

    assert mail(suppressed)["suppressed"] == "address"
    assert suppressed["suppressions"][0]["address"] == "a@x.test"
    assert mail(allowed)["suppressed"] is None
    assert [(one["action"], one["actor"]) for one in allowed["suppressions"]] == [
        ("suppressed", "ann"),
        ("lifted", "ben"),
    ]


def test_a_customer_is_shown_to_people_too(desk: Desk) -> None:
    typed(desk, "consent", "K-mailed", "withdraw", "--medium", "sms", "--scope", "promotional", "--evidence", "[red]x")
    typed(desk, "suppress", "K-mailed", "--medium", "print", "--reason", "blocked")
    told = typed(desk, "show", "K-mailed")

    for part in ("a@x.test", "What holds now", "Consents", "[red]x", "Suppression list", "blocked"):
        assert part in told


def test_consents_are_imported_and_bad_lines_are_named(desk: Desk, tmp_path: Path) -> None:
    line = {
        "customer": "K-mailed", "action": "grant", "medium": "email", "scope": "contract",
        "occurred_at": "2026-01-01T08:00:00Z",
    }  # fmt: skip
    file = tmp_path / "consents.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in (line, {**line, "scope": "contrcat"})))
    aside = tmp_path / "bad.jsonl"
    words = ("customers", "import-consents", str(file), "--source", "crm")

    done = desk.type(*words, "--set-aside", str(aside))
    again = desk.type(*words, "--json")
    refused = desk.type(*words, "--set-aside", str(aside))

    assert done.exit_code == again.exit_code == 1
    assert "1 recorded, 0 known already, 1 set aside" in done.stdout
    assert "consents.jsonl:2: the scope is no category of this project; use one of all, promotional" in done.stderr
    assert json.loads(aside.read_text())["scope"] == "contrcat"
    told = json.loads(again.stdout)
    assert (told["new"], told["known"], told["bad"], told["bad_lines"][0]["number"]) == (0, 1, 1, 2)
    assert refused.exit_code == 2
    assert "name a new file" in refused.stderr
    assert mail(shown(desk))["consent"] == "given"


@pytest.mark.parametrize(
    "words, told",
    [
        (("show", "K-nobody"), "nobody ever spoke"),
        (("consent", "K-1", "grant", "--medium", "email"), "--scope"),
        (("consent", "K-1", "grant", "--medium", "email", "--scope", "contrcat"), "contract"),
        (("consent", "K-1", "withdraw", "--medium", "email", "--shown"), "belong to a grant"),
        (("consent", "K-1", "withdraw", "--medium", "email", "--at", "soon"), "--at"),
        (("consent", "K-1", "grant", "--medium", "email", "--scope", "all", "--expires", "x"), "--expires"),
        (("consent", "K-1", "withdraw", "--medium", "email", "--at", "0001-01-01"), "1900"),
        (("suppress", "K-nobody", "--medium", "email", "--reason", "address"), "no email address"),
    ],
)
def test_wrong_use_ends_with_code_2_and_the_remedy(desk: Desk, words: tuple[str, ...], told: str) -> None:
    refused = desk.type("customers", *words)

    assert refused.exit_code == 2, refused.output
    assert told in " ".join(refused.stderr.split())
    assert "Traceback" not in refused.output
