from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.decision.test_versions import BEGIN, histories, said
from xconnector.domain.decision.version_chain import ChainedEvent, chained, first_break
from xconnector.domain.decision.versions import Act, TableEvent


def chain_of(events: list[TableEvent]) -> list[ChainedEvent]:
    chain: list[ChainedEvent] = []
    for event in events:
        chain.append(chained(event, behind=chain[-1] if chain else None))
    return chain


CHAIN = chain_of([said(0, Act.PROPOSED), said(1, Act.APPROVED, by="ben", day=date(2026, 12, 1)), said(2, Act.REVOKED)])


@given(events=histories())
def test_a_chain_as_it_was_written_is_whole(events: list[TableEvent]) -> None:
    assert first_break(chain_of(events)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"person": "cleo"},
        {"reason": "another"},
        {"at": BEGIN + timedelta(seconds=61)},
        {"sha256": "c" * 64},
        {"role": "compliance"},
        {"table": "other"},
        {"act": Act.REJECTED},
        {"effective_from": date(2026, 12, 2)},
        {"effective_from": None},
    ],
)
def test_a_changed_event_is_seen(change: dict[str, object]) -> None:
    changed = [CHAIN[0], replace(CHAIN[1], event=replace(CHAIN[1].event, **change)), CHAIN[2]]  # pyright: ignore[reportArgumentType] - fields by name

    found = first_break(changed)

    assert found is not None
    assert str(found) == "event 2: it was changed after it was written"


def test_an_event_that_was_written_anew_breaks_the_one_behind_it() -> None:
    forged = chained(replace(CHAIN[1].event, person="cleo"), behind=CHAIN[0])

    assert str(first_break([CHAIN[0], forged, CHAIN[2]])) == "event 3: it does not follow the event before"


@given(gone=st.integers(0, 1))
def test_a_missing_event_is_seen(gone: int) -> None:
    left = [one for at, one in enumerate(CHAIN) if at != gone]

    assert str(first_break(left)) == f"event {gone + 1}: it is missing"


def test_an_event_cannot_be_dated_back() -> None:
    back = chained(replace(CHAIN[1].event, at=CHAIN[0].event.at), behind=CHAIN[0])

    assert str(first_break([CHAIN[0], back])) == "event 2: it is not later than the event before"
