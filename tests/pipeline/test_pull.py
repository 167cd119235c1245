"""A source that is asked: what it gives is taken in once, and its position is kept with what it gave."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import psycopg
import pytest

from tests.office import Changes, Office, write_office_project
from tests.pipeline.conftest import OpenOffice
from xconnector.contract.errors import PermanentError, TransientError
from xconnector.contract.pull_source import Pulled
from xconnector.domain.communication import State
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.operations.failures import failure_groups
from xconnector.pipeline.pull import ASK_AGAIN_WITHIN, PULL_EVERY, is_due, pull_now, pull_when_due
from xconnector.postgres.connect import reading, transaction
from xconnector.project.load import load_project
from xconnector.project.model import Feed
from xconnector.store import feed_positions
from xconnector.store.feed_positions import FeedPosition

pytestmark = pytest.mark.asyncio(loop_scope="session")

_CRM = "  crm: {connector: sql_query, database: '${CRM}', query: SELECT * FROM due, cursor: change, key: [number]}\n"
_FILES = "notices: {connector: csv_file, key: [number], control: {kind: sidecar, sums: [amount]}}"
SCRIPTED: Changes = {
    "xconnector.yaml": [(_FILES, "notices: {connector: sql_query, database: x, query: SELECT 1, cursor: a, key: [b]}")]
}


@dataclass(slots=True, kw_only=True)
class _ScriptedSource:
    """Gives its records a few at a time; a position is how many were given."""

    records: list[SourceRecord | BadRecord] = field(default_factory=list[SourceRecord | BadRecord])
    error: Exception | None = None
    asked: list[str | None] = field(default_factory=list[str | None])
    reads_again: int = 0
    stays: bool = False
    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        return None

    async def check(self) -> None:
        return None

    async def pull(self, position: str | None, *, at_most: int, source: str, event_type: str) -> Pulled:
        assert (at_most, source, event_type) == (500, "notice_runs", "com.small.notice.due")
        self.asked.append(position)
        if self.error is not None:
            raise self.error
        if self.meanwhile is not None:
            await self.meanwhile()
        start = int(position or "0")
        end = min(start + 2, len(self.records))
        again = max(0, start - self.reads_again)
        behind = str(start if self.stays else end)
        return Pulled(records=self.records[again:end], position=behind, more=end < len(self.records))


def _due(number: str, **fields: object) -> SourceRecord:
    data = {"number": number, "customer": f"K-{number}", "name": "Meyer", "street": "Hauptstr. 1", "postcode": "10115",
            "city": "Berlin", "language": "de", "amount": "12.50", **fields}  # fmt: skip
    payload = msgspec.json.encode(data)
    return SourceRecord(
        source="notice_runs",
        source_key=number,
        event_type="com.small.notice.due",
        occurred_at=None,
        payload=payload,
        data=data,
    )


def _bad(text: str) -> BadRecord:
    return BadRecord(source="notice_runs", source_key=None, payload=text.encode(), reason="it has no key")


def _feed(opened: Office) -> Feed:
    return opened.place.project.feeds["notice_runs"]


async def _position(opened: Office) -> FeedPosition:
    async with reading(opened.place.pool) as connection:
        found = await feed_positions.find(connection, "notice_runs")
    assert found is not None
    return found


async def _records(opened: Office) -> dict[str, int]:
    """How many records came in, by fate."""
    found = (await opened.account()).records
    return {fate: found[fate] for fate in ("taken", "repeated", "refused", "set_aside") if found[fate]}


async def test_what_a_source_gives_is_taken_in_and_its_position_is_kept(office: OpenOffice) -> None:
    source = _ScriptedSource(records=[_due(str(number)) for number in range(5)])
    async with office(SCRIPTED, instead={"notices": source}) as opened:
        await pull_now(opened.place, _feed(opened))
        source.records.append(_due("5"))
        await pull_now(opened.place, _feed(opened))
        position = await _position(opened)

        assert source.asked == [None, "2", "4", "5"]
        assert (position.position, position.trouble) == ("6", None)
        assert await _records(opened) == {"taken": 6}


async def test_what_is_given_again_leaves_no_trace_and_what_cannot_be_read_is_set_aside_once(
    office: OpenOffice,
) -> None:
    source = _ScriptedSource(records=[_due("0"), _bad("x"), _due("1"), _bad("y")], reads_again=9)
    async with office(SCRIPTED, instead={"notices": source}) as opened:
        for number in range(2, 5):
            await pull_now(opened.place, _feed(opened))
            source.records.append(_due(str(number)))
        await pull_now(opened.place, _feed(opened))

        assert await _records(opened) == {"taken": 5, "set_aside": 2}


async def _failures(opened: Office) -> int:
    return sum(group.number for group in await failure_groups(opened.place.pool))


async def test_what_the_mapping_cannot_read_is_set_aside_once_however_often_it_is_given(office: OpenOffice) -> None:
    source = _ScriptedSource(records=[_due("0"), _due("1", customer=None)], reads_again=9)
    async with office(SCRIPTED, instead={"notices": source}) as opened:
        for _ in range(5):
            await pull_now(opened.place, _feed(opened))
            await opened.work()

        assert await _records(opened) == {"taken": 1, "set_aside": 1}
        assert await _failures(opened) == 1


async def test_what_is_refused_is_refused_once_however_often_it_is_given(office: OpenOffice) -> None:
    source = _ScriptedSource(records=[_due("0"), _due("1")], reads_again=9)
    async with office(SCRIPTED, instead={"notices": source}) as opened:
        await pull_now(opened.place, _feed(opened))
        source.records[1] = _due("1", name="Other")
        for _ in range(5):
            await pull_now(opened.place, _feed(opened))
            await opened.work()

        assert await _records(opened) == {"taken": 2, "refused": 1}
        assert await _failures(opened) == 1


async def test_a_source_that_has_more_and_never_moves_is_stopped_and_told(office: OpenOffice) -> None:
    source = _ScriptedSource(records=[_due(str(number)) for number in range(4)], stays=True)
    async with office(SCRIPTED, instead={"notices": source}) as opened:
        with pytest.raises(PermanentError, match="for ever"):
            await pull_now(opened.place, _feed(opened))

        assert source.asked == [None, "0"]
        assert "for ever" in ((await _position(opened)).trouble or "")
        assert await _records(opened) == {"taken": 2}


async def test_a_change_that_is_given_again_in_another_envelope_leaves_no_trace(office: OpenOffice) -> None:
    def told(at: int) -> SourceRecord:
        event = {"op": "c", "before": None, "after": {"no": "1"}, "source": {"lsn": 7}, "ts_ms": at}
        return replace(_due("1"), source_key="1", payload=json.dumps(event).encode(), data=event)

    runs = "notice_runs: {connection: notices, "
    changes = {"xconnector.yaml": [*SCRIPTED["xconnector.yaml"], (runs, f"{runs}changes: debezium, ")]}
    source = _ScriptedSource(records=[told(1)], reads_again=9)
    async with office(changes, instead={"notices": source}) as opened:
        await pull_now(opened.place, _feed(opened))
        for at in range(2, 5):
            source.records[0] = told(at)
            await pull_now(opened.place, _feed(opened))

        assert await _records(opened) == {"taken": 1}


async def test_a_key_that_stands_aside_is_taken_with_other_bytes(office: OpenOffice) -> None:
    source = _ScriptedSource(records=[_due("1", customer=None)], reads_again=9)
    async with office(SCRIPTED, instead={"notices": source}) as opened:
        await pull_now(opened.place, _feed(opened))
        await opened.work()
        source.records[0] = _due("1")
        await pull_now(opened.place, _feed(opened))

        assert await _records(opened) == {"taken": 1, "set_aside": 1}


async def test_a_source_that_had_more_when_its_reader_was_ended_is_due_at_once(office: OpenOffice) -> None:
    source = _ScriptedSource(records=[_due(str(number)) for number in range(4)])
    async with office(SCRIPTED, instead={"notices": source}) as opened:
        feed = replace(_feed(opened), every=timedelta(days=1))

        async def end_in_the_middle() -> None:
            if len(source.asked) == 2:
                raise asyncio.CancelledError

        source.meanwhile = end_in_the_middle
        with pytest.raises(asyncio.CancelledError):
            await pull_now(opened.place, feed)
        half = await _position(opened)
        await pull_when_due(opened.place, feed)
        whole = await _position(opened)

        assert (half.position, half.has_more) == ("2", True)
        assert (whole.position, whole.has_more) == ("4", False)
        assert not is_due(opened.place.project, feed, whole, now=whole.asked_at + timedelta(hours=1))


async def test_what_keeps_a_source_from_being_asked_is_told_until_it_is_over(office: OpenOffice) -> None:
    source = _ScriptedSource(error=TransientError("the database cannot be reached; is it up?"))
    async with office(SCRIPTED, instead={"notices": source}) as opened:
        for _ in range(2):
            with pytest.raises(TransientError):
                await pull_now(opened.place, _feed(opened))
        troubled = await _position(opened)
        source.error = None
        await pull_now(opened.place, _feed(opened))
        mended = await _position(opened)

    assert troubled.trouble == "the database cannot be reached; is it up?"
    assert troubled.trouble_since is not None
    assert troubled.trouble_since < troubled.asked_at
    assert (mended.trouble, mended.trouble_since) == (None, None)


async def test_of_two_who_ask_at_once_one_does(office: OpenOffice) -> None:
    source = _ScriptedSource(records=[_due(str(number)) for number in range(8)])
    async with office(SCRIPTED, instead={"notices": source}) as opened:
        done = await asyncio.gather(*(pull_now(opened.place, _feed(opened)) for _ in range(2)))

        assert sorted(done) == [False, True]
        assert await _records(opened) == {"taken": 8}


async def test_who_lost_the_lock_in_the_middle_takes_nothing_in(office: OpenOffice) -> None:
    source = _ScriptedSource(records=[_due(str(number)) for number in range(4)])
    async with office(SCRIPTED, instead={"notices": source}) as opened:

        async def overtake() -> None:
            async with transaction(opened.place.pool) as connection:
                await feed_positions.advance(
                    connection,
                    "notice_runs",
                    origin=None,
                    target="4",
                    has_news=True,
                    has_more=False,
                    now=opened.place.now(),
                )

        source.meanwhile = overtake
        await pull_now(opened.place, _feed(opened))

        assert await _records(opened) == {}


async def test_rows_of_a_database_become_communications(office: OpenOffice, empty_database: str) -> None:
    columns = "number text, customer text, name text, email text, street text, postcode text, city text, amount numeric"
    with psycopg.connect(empty_database, autocommit=True) as crm:
        crm.execute(f"CREATE TABLE due ({columns}, change bigserial)".encode())
        crm.execute(
            "INSERT INTO due SELECT n, 'K-' || n, 'Meyer', 'a@x.test', 'Hauptstr. 1', '10115', 'Berlin', 12.50 "
            "FROM generate_series(1, 3) n"
        )
        changes: Changes = {
            "xconnector.yaml": [
                ("  archive: {conn", f"{_CRM.replace('${CRM}', empty_database)}  archive: {{conn"),
                ("notice_runs: {connection: notices,", "notice_runs: {connection: crm, every: 1s,"),
            ]
        }
        async with office(changes) as opened:
            await pull_when_due(opened.place, _feed(opened))
            account = await opened.work()

    assert account.states == {State.COMPLETED: 3}


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "every,at,asked_ago,due",
    [
        (None, (), timedelta(seconds=59), False),
        (None, (), timedelta(seconds=61), True),
        (timedelta(hours=1), (), timedelta(minutes=59), False),
        (timedelta(hours=1), (), timedelta(minutes=60), True),
        (None, (time(12, 30),), timedelta(minutes=29), False),
        (None, (time(12, 30),), timedelta(minutes=31), True),
        (None, (time(13, 30), time(6, 0)), timedelta(hours=6), False),
        (None, (time(13, 30), time(6, 0)), timedelta(hours=8), True),
    ],
)
async def test_a_feed_is_due_after_its_time_or_at_its_times_of_day(
    tmp_path: Path, every: timedelta | None, at: tuple[time, ...], asked_ago: timedelta, due: bool
) -> None:
    position = FeedPosition(
        feed="f",
        position=None,
        asked_at=NOON - asked_ago,
        moved_at=None,
        trouble=None,
        trouble_since=None,
        has_more=False,
    )
    project = load_project(write_office_project(tmp_path), {"SMTP_PORT": "25"})
    feed = replace(project.feeds["notice_runs"], every=every, at=at)
    assert is_due(project, feed, position, now=NOON) is due


async def test_a_source_that_could_not_be_asked_is_asked_again_soon_and_ever_more_rarely(tmp_path: Path) -> None:
    project = load_project(write_office_project(tmp_path), {"SMTP_PORT": "25"})
    feed = replace(project.feeds["notice_runs"], at=(time(2, 0),))
    waits: list[timedelta] = []
    asked_at = NOON
    for _ in range(8):
        position = FeedPosition(
            feed="f",
            position=None,
            asked_at=asked_at,
            moved_at=None,
            trouble="gone",
            trouble_since=NOON,
            # It is not asked at once for that it had more to give before.
            has_more=True,
        )
        wait = next(
            timedelta(minutes=minute)
            for minute in range(60)
            if is_due(project, feed, position, now=asked_at + timedelta(minutes=minute))
        )
        waits.append(wait)
        asked_at += wait

    assert waits == [timedelta(minutes=minutes) for minutes in (1, 1, 2, 4, 8, 16, 30, 30)]
    assert (waits[0], waits[-1]) == (PULL_EVERY, ASK_AGAIN_WITHIN)
