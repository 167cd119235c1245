"""What was known when, and what held when: the store against a plain list of all news."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import RaiseException

from tests.store.memory import NOW
from xconnector.domain.customer import Customer, CustomerRecord
from xconnector.domain.golden import MOST_RECENT, Survivorship
from xconnector.domain.survivorship import SurvivorshipRow
from xconnector.postgres.connect import Connection, Pool, transaction
from xconnector.store import customers


def _hours(number: int) -> datetime:
    return NOW + timedelta(hours=number)


def _record(as_of: int, fields: dict[str, Any], source: str = "crm", *, replaces_all: bool = False) -> CustomerRecord:
    return CustomerRecord(
        customer_key="K1", source=source, as_of=_hours(as_of), fields=fields, replaces_all=replaces_all
    )


async def _golden(
    connection: Connection, *, valid_at: int | None = None, known_at: int | None = None
) -> Customer | None:
    found = await customers.golden_records(
        connection,
        ["K1"],
        MOST_RECENT,
        at=NOW,
        valid_at=None if valid_at is None else _hours(valid_at),
        known_at=None if known_at is None else _hours(known_at),
    )
    return found.get("K1")


async def _past(connection: Connection) -> int:
    cursor = await connection.execute(b"SELECT count(*) FROM customer_record_past")
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def test_an_old_letter_is_explained_by_what_was_known_when_it_was_made(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await customers.remember(connection, [_record(0, {"email": "old@x.test"})], _hours(1))
        await customers.remember(connection, [_record(5, {"email": "new@x.test"})], _hours(8))
        known_then = await _golden(connection, known_at=7)
        known_later = await _golden(connection, known_at=8)
        held_then = await _golden(connection, valid_at=4)
        before_all = await _golden(connection, known_at=0)

    assert known_then is not None
    assert known_then.fields == {"email": "old@x.test"}
    assert known_later is not None
    assert known_later.fields == {"email": "new@x.test"}
    assert held_then is not None
    assert held_then.fields == {"email": "old@x.test"}
    assert before_all is None


async def test_news_that_comes_late_changes_what_held_then_and_not_what_holds_now(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await customers.remember(connection, [_record(5, {"email": "new@x.test"})], _hours(6))
        await customers.remember(connection, [_record(2, {"email": "late@x.test"})], _hours(9))
        now = await _golden(connection)
        then = await _golden(connection, valid_at=3)
        then_as_known_before = await _golden(connection, valid_at=3, known_at=8)

    assert now is not None
    assert now.fields == {"email": "new@x.test"}
    assert then is not None
    assert then.fields == {"email": "late@x.test"}
    assert then_as_known_before is None


async def test_a_first_load_and_what_is_repeated_leave_no_past(pool: Pool) -> None:
    record = _record(0, {"email": "a@x.test", "city": "Bern"})
    async with transaction(pool) as connection:
        first = await customers.remember(connection, [record], _hours(1))
        again = await customers.remember(connection, [record, _record(0, {"email": "a@x.test"})], _hours(2))
        past = await _past(connection)
        changed = await customers.remember(connection, [_record(1, {"email": "b@x.test", "city": "Bern"})], _hours(3))
        past_after_change = await _past(connection)

    assert (first, again, changed) == (1, 0, 1)
    assert (past, past_after_change) == (0, 1)


async def test_a_clock_that_is_behind_never_puts_later_words_before_earlier_ones(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await customers.remember(connection, [_record(0, {"email": "a@x.test"})], _hours(5))
        await customers.remember(connection, [_record(1, {"email": "b@x.test"})], _hours(3))
        at_three = await _golden(connection, known_at=4)
        at_five = await _golden(connection, known_at=5)

    assert at_three is None
    assert at_five is not None
    assert at_five.fields == {"email": "b@x.test"}


def _undated(read_at: int, **fields: object) -> CustomerRecord:
    return CustomerRecord(customer_key="K1", source="crm", as_of=_hours(read_at), fields=fields, is_undated=True)


async def test_what_is_said_unchanged_every_day_leaves_one_line_of_history_for_each_change(pool: Pool) -> None:
    async with transaction(pool) as connection:
        kept = [
            await customers.remember(connection, [_undated(day, email=email, city="Bern")], _hours(day))
            for day, email in enumerate(["a@x.test"] * 5 + ["b@x.test"] * 5)
        ]
        past = await _past(connection)
        said = (await customers.statements(connection, ["K1"]))["K1"]

    assert kept == [1, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert past == 2
    assert [(one.as_of, one.fields, one.heard_again) for one in said] == [
        (_hours(0), {"city": "Bern"}, _hours(9)),
        (_hours(5), {"email": "b@x.test"}, _hours(9)),
    ]


async def test_what_is_repeated_does_not_beat_what_another_source_heard_later(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await customers.remember(connection, [_undated(0, email="old@x.test", city="Bern")], _hours(0))
        await customers.remember(connection, [_record(2, {"email": "new@x.test"}, "portal")], _hours(2))
        await customers.remember(connection, [_undated(4, email="old@x.test", city="Genf")], _hours(4))
        golden = await _golden(connection)

    assert golden is not None
    assert golden.fields == {"email": "new@x.test", "city": "Genf"}


async def test_what_is_heard_again_does_not_age(pool: Pool) -> None:
    row = SurvivorshipRow(row="email", fields=("email",), max_age=timedelta(hours=3))
    async with transaction(pool) as connection:
        for read_at in (0, 2, 4, 6):
            await customers.remember(connection, [_undated(read_at, email="a@x.test")], _hours(read_at))
        rules = Survivorship([row])
        found = [
            (await customers.golden_records(connection, ["K1"], rules, at=_hours(at), known_at=known_at))["K1"].fields
            for at, known_at in ((8, None), (10, None), (4, _hours(4)), (8, _hours(4)))
        ]

    assert found == [{"email": "a@x.test"}, {}, {"email": "a@x.test"}, {}]


@pytest.mark.parametrize(
    "statement", [b"UPDATE customer_record_past SET recorded_at = now()", b"TRUNCATE customer_record_past"]
)
async def test_the_past_is_never_rewritten(pool: Pool, statement: bytes) -> None:
    with pytest.raises(RaiseException, match="never rewritten"):
        async with transaction(pool) as connection:
            await connection.execute(statement)


# ---------------------------------------------------------------- any news in any order


@dataclass(frozen=True, slots=True)
class _News:
    """What came at once, and when."""

    hours_later: int
    records: Sequence[CustomerRecord]


def _records_of(sources: st.SearchStrategy[str]) -> st.SearchStrategy[CustomerRecord]:
    values = st.sampled_from(["a", "b", None, ""])
    fields = st.dictionaries(st.sampled_from(["email", "mobile", "city", "address_lines"]), values, max_size=3)
    return st.builds(
        _record, st.integers(0, 12), fields, sources, replaces_all=st.sampled_from([False, False, False, True])
    )


_news = st.lists(
    st.builds(_News, st.integers(0, 3), st.lists(_records_of(st.sampled_from(["crm", "billing"])), max_size=3)),
    max_size=6,
)


def _perhaps_undated(record: CustomerRecord, *, is_undated: bool) -> CustomerRecord:
    return replace(record, is_undated=is_undated)


_of_one_source = st.builds(
    _perhaps_undated, _records_of(st.just("crm")), is_undated=st.sampled_from([True, True, False])
)
_news_of_one_source = st.lists(st.builds(_News, st.integers(0, 3), st.lists(_of_one_source, max_size=2)), max_size=6)


@dataclass(frozen=True, slots=True)
class _Heard:
    recorded_at: datetime
    record: CustomerRecord


def _model(heard: Sequence[_Heard], valid_at: int | None, known_at: int | None) -> Customer | None:
    """Answer from the list of all that ever came, as slowly and plainly as can be."""
    said = [
        one.record
        for one in heard
        if (known_at is None or one.recorded_at <= _hours(known_at))
        and (valid_at is None or one.record.as_of <= _hours(valid_at))
        and (one.record.fields or one.record.replaces_all)
    ]
    return MOST_RECENT.golden("K1", said, at=NOW) if said else None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(news=_news, valid_at=st.none() | st.integers(-1, 13), known_at=st.none() | st.integers(-1, 18))
async def test_whatever_comes_in_whatever_order_every_moment_can_be_told(
    pool: Pool, news: Sequence[_News], valid_at: int | None, known_at: int | None
) -> None:
    heard: list[_Heard] = []
    hour = 0
    async with transaction(pool) as connection:
        await connection.execute(b"DELETE FROM customer_record_past")
        await connection.execute(b"DELETE FROM customer_record")
        for page in news:
            hour += page.hours_later
            await customers.remember(connection, page.records, _hours(hour))
            heard += [_Heard(_hours(hour), record) for record in page.records]
        told = await _golden(connection, valid_at=valid_at, known_at=known_at)

    assert told == _model(heard, valid_at, known_at)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(news=_news_of_one_source, valid_at=st.none() | st.integers(-1, 16), known_at=st.none() | st.integers(-1, 16))
async def test_whoever_names_no_time_says_as_much_as_whoever_does(
    pool: Pool, news: Sequence[_News], valid_at: int | None, known_at: int | None
) -> None:
    heard: list[_Heard] = []
    hour = 0
    async with transaction(pool) as connection:
        await connection.execute(b"DELETE FROM customer_record_past")
        await connection.execute(b"DELETE FROM customer_record")
        for page in news:
            hour += page.hours_later
            records = [replace(one, as_of=_hours(hour)) if one.is_undated else one for one in page.records]
            await customers.remember(connection, records, _hours(hour))
            heard += [_Heard(_hours(hour), record) for record in records]
        told = await _golden(connection, valid_at=valid_at, known_at=known_at)

    expected = _model(heard, valid_at, known_at)
    assert (told and told.fields) == (expected and expected.fields)
