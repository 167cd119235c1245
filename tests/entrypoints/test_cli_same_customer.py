import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

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
    with own_database(postgres, template=str(conninfo_to_dict(past.database)["dbname"])) as name:
        yield replace(past, database=make_conninfo(postgres, dbname=name))


def typed(desk: Desk, *words: str) -> str:
    result = desk.type("customers", *words)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_steward_merges_looks_and_parts_again(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "billing.jsonl"
    file.write_text('{"customer": "4711", "tax_id": "12345", "mobile": "+49301234567"}\n')
    typed(desk, "load", str(file), "--source", "billing", "--own-keys")
    merged = typed(desk, "merge", "K-mailed", "billing:4711", "--by", "ann", "--reason", "same contract")
    shown = json.loads(typed(desk, "show", "billing:4711", "--json"))
    parted = typed(desk, "unmerge", "billing:4711", "--by", "ann", "--reason", "no")

    assert merged == "customer K-mailed, with billing:4711\n"
    assert [one["key"] for one in shown["members"]] == ["K-mailed", "billing:4711"]
    assert [(one["actor"], one["basis"], one["reason"]) for one in shown["links"]] == [
        ("ann", "steward", "same contract")
    ]
    assert {"mobile", "email"} <= {one["name"] for one in shown["golden"]}
    assert parted == "customer K-mailed\ncustomer billing:4711\n"


def test_without_rules_nobody_is_matched_and_an_empty_queue_is_shown(desk: Desk) -> None:
    refused = desk.type("customers", "match")

    assert refused.exit_code == 2
    assert "customers/matching.yaml" in refused.stderr
    assert json.loads(typed(desk, "matches", "--json")) == []
    assert desk.type("customers", "matches", "accept", "1", "--by", "ann").exit_code == 2
