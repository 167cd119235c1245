"""Asks: what was asked for of kinds whose triggers say more than an event, and for what each waits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xconnector.domain.communication import State
from xconnector.domain.trigger.book import Ask, Entry, Origin, Stand, WaitsFor
from xconnector.domain.trigger.keys import AskKeys
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, fetch_one

_QUERIES = Queries.load("xconnector.store", "asks.sql")

LEFT = frozenset({State.DISPATCHED, State.COMPLETED, State.SUPPRESSED, State.CANCELLED})
"""States that hold nobody up in a line."""
_STOPPED = frozenset({State.FAILED, State.OUTCOME_UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAsk:
    """An ask as it is kept, with what goes with it on its way."""

    entry: Entry
    batch_id: int
    priority: int
    """Of the jobs that make it."""
    due_at: datetime | None = None
    """When it is judged again."""
    because: str | None = None
    """Why it waits, or ended."""
    taken_into: UUID | None = None
    """The communication that it became one with."""
    keyed_for: str | None = None
    """The customer of a new one, where that is not the member whom its communication names."""


async def hold(connection: Connection, keys: Iterable[UUID]) -> None:
    """Lock keys until the transaction ends: who judges by one sees everything that was judged by it before.

    In their order, in which everybody locks them; before any communication is locked.
    """
    ordered = sorted(set(keys))
    if ordered:
        await connection.execute(_QUERIES.hold, {"keys": ordered})


async def add(connection: Connection, asks: Sequence[KeptAsk]) -> None:
    """Keep new asks."""
    if not asks:
        return
    rows = [kept.entry.ask for kept in asks]
    await connection.execute(
        _QUERIES.add,
        {
            **_course(asks),
            "batches": [kept.batch_id for kept in asks],
            "records": [ask.origin.record_id for ask in rows],
            "names": [ask.kind for ask in rows],
            "as_of": [ask.as_of for ask in rows],
            "asked_at": [ask.asked_at for ask in rows],
            "priorities": [kept.priority for kept in asks],
            "begins_at": [ask.begins_at for ask in rows],
            "once": [None if kept.entry.gives_way else kept.entry.ask.keys.once for kept in asks],
            "orders": [ask.keys.order for ask in rows],
            "collapses": [ask.keys.collapse for ask in rows],
            "parents": [ask.keys.parent for ask in rows],
            "customers": [kept.keyed_for for kept in asks],
        },
    )


async def forget_keys(connection: Connection, *, most: int) -> int:
    """Forget keys that nobody holds at the moment: they say nothing; returns how many."""
    return (await connection.execute(_QUERIES.forget_keys, {"most": most})).rowcount


async def follow(connection: Connection, asks: Sequence[KeptAsk]) -> None:
    """Record what follows for asks that are kept already."""
    if asks:
        await connection.execute(_QUERIES.follow, _course(asks))


def _course(asks: Sequence[KeptAsk]) -> dict[str, object]:
    return {
        "ids": [kept.entry.ask.communication_id for kept in asks],
        "waits_for": [kept.entry.waits_for for kept in asks],
        "due_at": [kept.due_at for kept in asks],
        "because": [kept.because for kept in asks],
        "after": [kept.entry.after for kept in asks],
        "taken_into": [kept.taken_into for kept in asks],
        "giving_way": [kept.entry.gives_way for kept in asks],
    }


async def due(connection: Connection, batch_id: int, *, group: UUID | None, now: datetime) -> list[UUID]:
    """Return the batch's asks whose time has come, and those that wait under the key of a group for quiet."""
    cursor = await connection.execute(_QUERIES.due, {"batch_id": batch_id, "group": group, "now": now})
    return [row[0] for row in await cursor.fetchall()]


async def leave_lines(connection: Connection, keys: Iterable[AskKeys]) -> None:
    """Take those out of the lines of these keys that have left; a line is no longer than what is under way."""
    orders = _distinct(one.order for one in keys)
    if orders:
        await connection.execute(_QUERIES.leave_lines, {"orders": orders, "left": sorted(LEFT)})


async def turns(connection: Connection, *, passing: Iterable[str], limit: int) -> list[UUID]:
    """Return asks whose turn may have come: the first of each line of which nothing is under way.

    What was stopped holds up all but the kinds that are `passing`.
    """
    cursor = await connection.execute(
        _QUERIES.turns,
        {"left": sorted(LEFT), "stopped": sorted(_STOPPED), "passing": sorted(passing), "most": limit},
    )
    return [row[0] for row in await cursor.fetchall()]


async def stop_waiting(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Let asks wait no more whose communications are moved by the caller, and return their batches."""
    cursor = await connection.execute(_QUERIES.stop_waiting, {"ids": sorted(ids)})
    return {row[0]: int(row[1]) for row in await cursor.fetchall()}


async def next_due(connection: Connection, batch_id: int) -> datetime | None:
    """Return when the first of the batch's asks is due that wait; None where none has a time."""
    row = await (await connection.execute(_QUERIES.next_due, {"batch_id": batch_id})).fetchone()
    return None if row is None else row[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    communication_id: UUID
    batch_id: int
    record_id: int
    name: str
    as_of: datetime
    asked_at: datetime
    priority: int
    begins_at: datetime | None
    once_key: UUID | None
    order_key: UUID | None
    collapse_key: UUID | None
    parent_key: UUID | None
    after: datetime | None
    waits_for: str | None
    state: str
    is_cancelled: bool
    source: str
    source_key: str

    def kept(self) -> KeptAsk:
        ask = Ask(
            communication_id=self.communication_id,
            kind=self.name,
            origin=Origin(record_id=self.record_id, source=self.source, source_key=self.source_key),
            as_of=self.as_of,
            asked_at=self.asked_at,
            keys=AskKeys(once=self.once_key, order=self.order_key, collapse=self.collapse_key, parent=self.parent_key),
            begins_at=self.begins_at,
        )
        waits_for = None if self.waits_for is None else WaitsFor(self.waits_for)
        entry = Entry(
            ask=ask,
            stand=_stand(State(self.state)),
            waits_for=waits_for,
            after=self.after,
            gives_way=self.is_cancelled,
        )
        return KeptAsk(entry=entry, batch_id=self.batch_id, priority=self.priority)


def _stand(state: State) -> Stand:
    if state is State.WAITING:
        return Stand.WAITING
    if state in _STOPPED:
        return Stand.STOPPED
    return Stand.LEFT if state in LEFT else Stand.UNDER_WAY


async def related(
    connection: Connection, keys: Iterable[AskKeys], *, ids: Sequence[UUID] = (), heard: Sequence[UUID] = ()
) -> list[KeptAsk]:
    """Return asks that bear on others with these keys: first ones, their lines, what waits with them for quiet.

    Beside them those with these ids, and what waits for events with the `heard` keys. The keys must be held.
    """
    given = list(keys)
    rows = await fetch_all(
        connection,
        _Row,
        _QUERIES.related,
        ids=list(ids),
        once=_distinct(one.once for one in given),
        orders=_distinct(one.order for one in given),
        collapses=_distinct(one.collapse for one in given),
        heard=list(heard),
    )
    return [row.kept() for row in rows]


def _distinct(keys: Iterable[UUID | None]) -> list[UUID]:
    return sorted({key for key in keys if key is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """For what a communication waits, and what became one with it."""

    waits_for: str | None
    """None where it waits no more."""
    because: str | None
    as_of: datetime
    """When what asked for it was so."""
    due_at: datetime | None
    """Until when it waits, unless something else happens; None where only something else can end its wait."""
    took_in: list[str]
    """The source keys of records that became one communication with its own, oldest first."""


async def course_of(connection: Connection, communication_id: UUID, *, most: int = 1000) -> Course | None:
    """Return the course of a communication, with at most so many records; None where its kind begins at once."""
    return await fetch_one(connection, Course, _QUERIES.course, communication_id=communication_id, most=most)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCount:
    """How many communications of one kind wait for the same."""

    name: str
    waits_for: str
    number: int
    first_due_at: datetime | None


async def count_waiting(connection: Connection) -> list[WaitingCount]:
    """Count what waits, by kind and by what it waits for."""
    return await fetch_all(connection, WaitingCount, _QUERIES.count_waiting)
