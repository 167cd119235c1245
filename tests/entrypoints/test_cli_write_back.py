"""`write-back`, as the person sees it who looks after source systems."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.entrypoints.small_office import Desk, desk_with_a_past

_SECTION = """\
write_back: {crm: {connection: crm_events, sources: [crm, notice_runs]}}
connections:
  crm_events:
    connector: cloudevents_http
    url: https://crm.example.test/events
    secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]
"""


@pytest.fixture(scope="module")
def desk(postgres: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_with_a_past(postgres, migrated_template, tmp_path_factory.mktemp("write_back") / "small") as opened:
        file = opened.folder / "xconnector.yaml"
        file.write_text(file.read_text().replace("connections:\n", _SECTION, 1))
        yield opened


def test_a_target_that_was_never_told_is_told_again_from_a_day_on(desk: Desk) -> None:
    assert json.loads(desk.type("write-back", "--json").stdout) == []
    today = datetime.now(UTC).date().isoformat()
    ordered = desk.type("write-back", "replay", "crm", "--since", "2026-01-01")
    (target,) = json.loads(desk.type("write-back", "--json").stdout)
    day = desk.type("write-back", "reconcile", "crm", "--day", today, "--json")
    plain = desk.type("write-back", "reconcile", "crm", "--day", today)

    assert ordered.exit_code == 0
    assert "communications" in ordered.stdout
    assert (target["target"], target["refused"], target["trouble"]) == ("crm", 0, None)
    assert target["waiting"] > 0
    assert day.exit_code == plain.exit_code == 1, "it lacks everything"
    events = json.loads(day.stdout)["events"]
    assert events["communication.completed"]["outstanding"] == events["communication.completed"]["sent"] > 0
    assert "communication.suppressed" in plain.stdout
    assert desk.type("write-back", "refused", "crm").exit_code == 0


@pytest.mark.parametrize(
    "words, told",
    [
        (("reconcile", "crn"), "crm"),
        (("reconcile", "crm", "--day", "yesterday"), "2026-11-24"),
        (("replay", "crm", "--since", "once"), "2026-11-24"),
        (("refused", "nobody"), "write_back"),
    ],
)
def test_what_is_not_understood_is_told_with_a_remedy(desk: Desk, words: tuple[str, ...], told: str) -> None:
    answer = desk.type("write-back", *words)
    assert answer.exit_code == 2
    assert told in answer.stderr


def test_mistakes_of_the_section_are_told_with_their_lines(desk: Desk) -> None:
    file = desk.folder / "xconnector.yaml"
    good = file.read_text()
    try:
        file.write_text(
            good.replace("sources: [crm, notice_runs]", "sources: [crm], events: [delivery.bouncd]").replace(
                "connection: crm_events", "connection: email"
            )
        )
        answer = desk.type("check")
    finally:
        file.write_text(good)
    assert answer.exit_code != 0
    said = answer.stdout + answer.stderr
    assert "delivery.bounced" in said
    assert "no write back" in said
