"""A change's place in the log of its source, and what it says however often it is told."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.change_event import (
    NoChangeError,
    change_digest,
    change_of,
    changed_at,
    place_in_order,
)
from xconnector.domain.change_record import as_change, row_key_of
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.domain.strict_json import Json

NAMES = st.sampled_from(["op", "after", "payload", "key", "value", "source", "lsn", "ts_ms"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)


def change(source: Json, **others: Json) -> dict[str, Json]:
    return {"op": "u", "before": None, "after": {"id": 1}, "source": source, "ts_ms": 5, **others}


@pytest.mark.parametrize(
    "earlier,later",
    [
        ({"lsn": 24023128}, {"lsn": 24023129}),
        ({"lsn": "99"}, {"lsn": "100"}),
        ({"scn": "2868547"}, {"scn": "12868547"}),
        ({"commit_lsn": "00000027:00000ac0:0002"}, {"commit_lsn": "00000028:00000000:0001"}),
        (
            {"commit_lsn": "00000027:00000ac0:0002", "change_lsn": "00000027:00000ab0:0001"},
            {"commit_lsn": "00000027:00000ac0:0002", "change_lsn": "00000027:00000ab0:0002"},
        ),
        (
            {"file": "mysql-bin.000009", "pos": 999999, "row": 9},
            {"file": "mysql-bin.000010", "pos": 4, "row": 0},
        ),
        ({"file": "b.1", "pos": 4, "row": 0}, {"file": "b.1", "pos": 4, "row": 1}),
    ],
)
def test_a_later_change_has_a_greater_place(earlier: Json, later: Json) -> None:
    first, second = place_in_order(change(earlier)), place_in_order(change(later))
    assert first is not None
    assert second is not None
    assert first < second


@pytest.mark.parametrize("source", [None, {}, {"lsn": None}, {"lsn": True}, {"lsn": -1}, {"file": "x", "pos": 1}])
def test_a_source_without_a_log_gives_no_place(source: Json) -> None:
    assert place_in_order(change(source)) is None


def test_the_time_is_that_of_the_source_and_else_that_of_the_envelope() -> None:
    told = [changed_at(change({"ts_ms": 1000})), changed_at(change({})), changed_at(change({"ts_ms": 10**30}, ts_ms=1))]
    assert [None if one is None else one.timestamp() for one in told] == [1.0, 0.005, None]


def test_told_again_in_another_envelope_it_says_the_same() -> None:
    first, again = change({"lsn": 1}, ts_ms=1), change({"lsn": 1}, ts_ms=2)
    other = change({"lsn": 1}, after={"id": 2})
    assert change_digest(change_of(first)) == change_digest(change_of(again))
    assert change_digest(change_of(first)) != change_digest(change_of(other))


@given(event=JSON)
def test_whatever_a_record_holds_it_is_a_change_or_set_aside(event: Json) -> None:
    data = event if isinstance(event, dict) else {"value": event}
    record = SourceRecord(
        source="crm", source_key="7", event_type="t", occurred_at=None, payload=b"x", data=data, position=3
    )
    read = as_change(record, event_type="t")
    assert isinstance(read, BadRecord) or row_key_of(read.source_key) == "7"
    assert read.position == 3
    with suppress(NoChangeError):
        place_in_order(change_of(event))


def test_a_message_without_a_value_is_a_tombstone_and_an_emptied_table_is_for_people() -> None:
    nothing = BadRecord(source="crm", source_key="7", payload=b"", reason="no JSON")
    garbled = BadRecord(source="crm", source_key="7", payload=b"{", reason="no JSON")
    emptied = SourceRecord(
        source="crm", source_key="7", event_type="t", occurred_at=None, payload=b"x", data={"op": "t", "before": None}
    )
    tombstone = as_change(nothing, event_type="t")
    assert isinstance(tombstone, SourceRecord)
    assert tombstone.data["op"] == "tombstone"
    assert as_change(garbled, event_type="t") is garbled
    refused = as_change(emptied, event_type="t")
    assert isinstance(refused, BadRecord)
    assert "emptied" in refused.reason
