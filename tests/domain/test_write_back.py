"""What source systems are told of the ledger's entries."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.communication import State
from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.write_back import (
    ADDRESS_PROPOSED,
    TOLD_EVENTS,
    TOLD_STATES,
    WORDS,
    Count,
    Happening,
    bounds_of,
    sums_by_word,
    told_of,
    word_of,
)

ALL = frozenset(WORDS)
events = st.one_of(st.sampled_from([*TOLD_EVENTS, "decided", "composed", "archived", "waits"]), st.text(max_size=30))
states = st.one_of(st.none(), st.sampled_from(State))


def happening(event: str, state: str | None = None, **told: object) -> Happening:
    return Happening(
        entry_id=7,
        at=datetime(2026, 11, 24, 8, tzinfo=UTC),
        event=event,
        state=state,
        detail={"dispatch": "d-0", "subject": "Dear Ms Meyer", "final": True, "reason": None},
        communication_id=UUID(int=1),
        communication="notice",
        customer_key="K-1",
        record_source="crm",
        record_key="1",
        **told,  # pyright: ignore[reportArgumentType] - of a test
    )


@given(event=events, state=states)
def test_an_entry_is_told_for_its_event_or_for_where_it_moved_its_communication(
    event: str, state: State | None
) -> None:
    word = word_of(event, state)
    assert (word is not None) is (event in TOLD_EVENTS or state in TOLD_STATES)
    assert word is None or word in ALL


def test_every_word_of_a_channel_is_told() -> None:
    for each in DeliveryEventType:
        assert word_of(f"reported {each}", None) == f"delivery.{each}"


def test_what_is_told_names_the_record_it_was_made_of_and_nothing_of_what_was_written() -> None:
    (told,) = told_of(happening("reported bounced"), project="small", words=ALL)
    assert (told.id, told.type, told.subject) == ("7", "org.xconnector.delivery.bounced", str(UUID(int=1)))
    assert told.data == {
        "communication_id": str(UUID(int=1)),
        "communication": "notice",
        "customer_key": "K-1",
        "source": "crm",
        "source_key": "1",
        "dispatch": "d-0",
        "final": True,
    }


def test_who_wants_to_hear_some_words_hears_no_others() -> None:
    only = frozenset({"delivery.bounced"})
    assert told_of(happening("reported delivered"), project="small", words=only) == []
    assert told_of(happening("completed", State.COMPLETED), project="small", words=only) == []


def test_a_new_address_is_proposed_beside_the_report_that_told_it() -> None:
    one = happening("reported deferred", new_address={"line": "Neue Str. 2", "postcode": "10117", "city": "Berlin"})
    report, proposal = told_of(one, project="small", words=ALL)
    assert (report.id, proposal.id) == ("7", "7-address")
    assert proposal.type == "org.xconnector.address.proposed"
    assert proposal.data["address"] == {"line": "Neue Str. 2", "postcode": "10117", "city": "Berlin"}
    assert "address" not in report.data
    assert told_of(one, project="small", words=ALL - {ADDRESS_PROPOSED}) == [report]


@st.composite
def counts(draw: st.DrawFn) -> Count:
    acknowledged, refused, outstanding = (draw(st.integers(0, 1000)) for _ in range(3))
    return Count(
        event=draw(events),
        state=draw(states),
        happened=acknowledged + refused + outstanding,
        acknowledged=acknowledged,
        refused=refused,
    )


@given(st.lists(counts()))
def test_what_was_sent_is_acknowledged_refused_or_outstanding(rows: list[Count]) -> None:
    found = sums_by_word(rows, ALL)
    for sums in found.values():
        assert sums["sent"] == sums["acknowledged"] + sums["refused"] + sums["outstanding"]
        assert min(sums.values()) >= 0
    assert sum(sums["sent"] for sums in found.values()) == sum(
        row.happened for row in rows if word_of(row.event, row.state) is not None
    )


def test_a_day_is_as_long_as_it_is_there() -> None:
    since, until = bounds_of(date(2026, 10, 25), ZoneInfo("Europe/Berlin"))
    assert until.astimezone(UTC) - since.astimezone(UTC) == timedelta(hours=25)
