import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.decision.versions import (
    Act,
    Span,
    TableEvent,
    Version,
    VersionState,
    contradiction,
    in_force,
    is_same_person,
    repeats,
    shadows,
    spans,
    versions_of,
)

BEGIN = datetime(2026, 11, 23, 8, tzinfo=UTC)
FIRST = date(2026, 12, 1)
DAYS = [FIRST + timedelta(days=at) for at in range(-1, 12)]
OLD, NEW = "a" * 64, "b" * 64


def said(at: int, act: Act, sha256: str = OLD, *, by: str = "anna", day: date | None = None) -> TableEvent:
    return TableEvent(
        at=BEGIN + timedelta(minutes=at),
        table="routing",
        sha256=sha256,
        act=act,
        person=by,
        reason="because",
        effective_from=day,
    )


def approved(at: int, sha256: str = OLD, *, day: date = FIRST) -> list[TableEvent]:
    return [said(at, Act.PROPOSED, sha256), said(at + 1, Act.APPROVED, sha256, by="ben", day=day)]


@st.composite
def histories(draw: st.DrawFn) -> list[TableEvent]:
    """Events as anybody might have put them into the ledger, legal or not, each at a time of its own."""
    count = draw(st.integers(0, 14))
    return [
        said(
            at,
            draw(st.sampled_from(Act)),
            draw(st.sampled_from([OLD, NEW, "c" * 64])),
            by=draw(st.sampled_from(["anna", " ANNA", "ben", "cleo"])),
            day=draw(st.none() | st.sampled_from(DAYS)),
        )
        for at in range(count)
    ]


def deciding(events: Sequence[TableEvent], on: date) -> str | None:
    version = in_force(versions_of(events), on)
    return None if version is None else version.sha256


def test_an_approved_version_is_in_force_from_its_day_on() -> None:
    events = [*approved(0), *approved(5, NEW, day=FIRST + timedelta(days=5))]

    assert [deciding(events, day) for day in DAYS] == [None, *[OLD] * 5, *[NEW] * 7]


def test_of_two_with_the_same_day_the_one_that_was_approved_last_is_in_force() -> None:
    events = [said(0, Act.PROPOSED), *approved(1, NEW), said(9, Act.APPROVED, by="ben", day=FIRST)]

    assert deciding(events, FIRST) == OLD


def test_an_earlier_table_can_come_again() -> None:
    later = FIRST + timedelta(days=8)
    events = [*approved(0), *approved(5, NEW, day=FIRST + timedelta(days=5)), *approved(10, OLD, day=later)]

    assert [deciding(events, day) for day in DAYS] == [None, *[OLD] * 5, *[NEW] * 3, *[OLD] * 4]
    revoked = [*events, said(20, Act.REVOKED)]
    assert [deciding(revoked, day) for day in DAYS] == [*[None] * 6, *[NEW] * 7]


@pytest.mark.parametrize("person", ["anna", "Anna", " anna ", "ａｎｎａ"])
def test_nobody_approves_what_the_same_person_proposed(person: str) -> None:
    versions = versions_of([said(0, Act.PROPOSED)])
    approval = said(1, Act.APPROVED, by=person, day=FIRST)

    assert "four eyes" in (contradiction(approval, versions) or "")
    assert versions_of([said(0, Act.PROPOSED), approval]) == versions


def test_what_cannot_be_said_is_told_with_what_to_do_instead() -> None:
    proposed = versions_of([said(0, Act.PROPOSED)])
    done = versions_of(approved(0))

    assert contradiction(said(9, Act.APPROVED, by="ben", day=FIRST), ()) == "it was never proposed: propose it first"
    assert contradiction(said(9, Act.APPROVED, by="ben"), proposed) is not None
    assert contradiction(said(9, Act.REJECTED), proposed) == "anna proposed it: withdraw it"
    assert "reject it" in (contradiction(said(9, Act.WITHDRAWN, by="ben"), proposed) or "")
    assert "approved by ben already" in (contradiction(said(9, Act.REJECTED, by="cleo"), done) or "")
    assert "nothing approved" in (contradiction(said(9, Act.REVOKED, by="ben"), proposed) or "")
    assert contradiction(said(9, Act.UNSHADOWED), proposed) == "it does not decide in the shadow"


def test_what_was_withdrawn_rejected_or_revoked_can_be_proposed_again() -> None:
    for ended in (
        [said(0, Act.PROPOSED), said(1, Act.WITHDRAWN)],
        [said(0, Act.PROPOSED), said(1, Act.REJECTED, by="ben")],
        [*approved(0), said(3, Act.REVOKED, by="cleo")],
    ):
        assert contradiction(said(9, Act.PROPOSED), versions_of(ended)) is None


def test_a_shadow_decides_beside_until_it_is_in_force_or_ends() -> None:
    events = [*approved(0), *approved(5, NEW, day=FIRST + timedelta(days=5)), said(9, Act.SHADOWED, NEW, by="ben")]

    def shadow(*more: TableEvent, on: date = FIRST) -> list[str]:
        told = [*events, *more]
        return [one.sha256 for one in shadows(versions_of(told), deciding=deciding(told, on))]

    assert shadow() == [NEW]
    assert shadow(on=FIRST + timedelta(days=5)) == []
    assert shadow(said(10, Act.UNSHADOWED, NEW, by="ben")) == []
    assert shadow(said(10, Act.REVOKED, NEW, by="ben")) == []


def test_the_same_word_twice_is_one() -> None:
    events = approved(0)
    again = replace(events[1], at=BEGIN + timedelta(hours=1), reason="twice")

    assert repeats(again, versions_of(events))
    assert not repeats(replace(again, person="cleo"), versions_of(events))
    assert not repeats(replace(again, effective_from=DAYS[-1]), versions_of(events))
    assert not repeats(again, versions_of([*events, said(5, Act.REVOKED, by="ben")]))


@given(events=histories(), day=st.sampled_from(DAYS))
def test_what_is_in_force_was_approved_by_another_for_a_day_that_came_and_is_not_revoked(
    events: list[TableEvent], day: date
) -> None:
    version = in_force(versions_of(events), day)

    if version is not None:
        assert version.state is VersionState.APPROVED
        assert version.effective_from is not None
        assert version.effective_from <= day
        assert version.settled is not None
        assert not is_same_person(version.proposed.person, version.settled.person)
        revoked = [one.at for one in events if one.act is Act.REVOKED and one.sha256 == version.sha256]
        assert all(at < version.settled.at for at in revoked)


@given(events=histories(), seed=st.integers())
def test_the_order_of_reading_says_nothing(events: list[TableEvent], seed: int) -> None:
    shuffled = events.copy()
    random.Random(seed).shuffle(shuffled)

    assert versions_of(shuffled) == versions_of(events)


@given(events=histories(), day=st.sampled_from(DAYS))
def test_revoking_what_is_in_force_brings_back_what_would_be_without_it(events: list[TableEvent], day: date) -> None:
    present = in_force(versions_of(events), day)
    if present is None:
        return
    revocation = said(len(events), Act.REVOKED, present.sha256, by="dora")

    without = [one for one in versions_of(events) if one.sha256 != present.sha256]
    before = in_force(without, day)

    assert deciding([*events, revocation], day) == (None if before is None else before.sha256)


@given(events=histories())
def test_on_each_day_the_version_in_force_is_the_one_whose_span_holds_it(events: list[TableEvent]) -> None:
    versions = versions_of(events)
    told = spans(versions)

    for day in DAYS:
        holding = [one.settled for one in versions if _holds(told.get(one.settled) if one.settled else None, day)]
        version = in_force(versions, day)
        assert holding == ([] if version is None else [version.settled])


def _holds(span: Span | None, day: date) -> bool:
    return span is not None and span.first <= day and (span.last is None or day <= span.last)


@given(events=histories())
def test_a_word_that_contradicts_changes_nothing(events: list[TableEvent]) -> None:
    for at, event in enumerate(events):
        before: Sequence[Version] = versions_of(events[:at])
        rounds = [one for one in before if one.sha256 == event.sha256]
        if contradiction(event, rounds) is not None:
            assert versions_of(events[: at + 1]) == tuple(before)
