"""Write-back: of which communications source systems are to be told, and how far they were.

Entries of one communication are written under its lock, so whoever sees one sees all before it: each communication is
told in the order of its entries. Which communications have news is found by the transactions that wrote them, up to the
oldest that still runs: none is passed over, in whichever order transactions end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from xconnector.domain.write_back import Count, Happening
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, fetch_one, from_json

_QUERIES = Queries.load("xconnector.store", "write_backs.sql")
_ENTRIES_AT_ONCE = 20_000
_ANY_END = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A source system that is told, as far as the store knows it."""

    name: str
    sources: tuple[str, ...]
    """Names of sources or feeds, or how they begin where a name ends in `*`."""

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "target": self.name,
            "names": [name for name in self.sources if not name.endswith(_ANY_END)],
            "prefixes": [name.removesuffix(_ANY_END) for name in self.sources if name.endswith(_ANY_END)],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """Where a target stands."""

    target: str
    began_at: datetime
    """From when on it is told."""
    trouble: str | None
    trouble_since: datetime | None
    retry_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAccount(TargetState):
    """Where a target stands, with what it lacks."""

    waiting: int
    """Communications of which it lacks something."""
    oldest: datetime | None
    """Since when the first of them waits."""
    refused: int
    """Events that it did not take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A communication of which a target is to be told."""

    communication_id: UUID
    told: int
    """The last entry that it has."""
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """How far a target was told of a communication."""

    due: Due
    last: int
    """The last entry that it has now."""
    due_at: datetime | None
    """When it is tried again; None when it has everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An entry that a target does not take."""

    entry_id: int
    communication_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """What a target did not take, as people read it."""

    communication_id: UUID
    reason: str
    refused_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    communication_id: UUID
    entry_id: int
    at: datetime
    event: str
    state: str | None
    detail: str | None
    communication: str
    customer_key: str
    record_source: str
    record_key: str | None
    raw: bytes | None = field(repr=False)

    def happening(self) -> Happening:
        return Happening(
            entry_id=self.entry_id,
            at=self.at,
            event=self.event,
            state=self.state,
            detail=from_json(self.detail) if self.detail else {},
            communication_id=self.communication_id,
            communication=self.communication,
            customer_key=self.customer_key,
            record_source=self.record_source,
            record_key=self.record_key,
            new_address=None if self.raw is None else _new_address(self.raw),
        )


class _Proposal(msgspec.Struct):
    new_address: dict[str, str] | None = None


def _new_address(raw: bytes) -> dict[str, str] | None:
    """Return the address that a report proposes; None where what looks so is none."""
    try:
        return msgspec.json.decode(raw, type=_Proposal).new_address
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


async def begin(connection: Connection, target: str, *, now: datetime) -> TargetState:
    """Return where a target stands; one that is new is told from now on."""
    await connection.execute(_QUERIES.begin, {"target": target, "now": now})
    state = await fetch_one(connection, TargetState, _QUERIES.find, target=target)
    assert state is not None, "it was just begun"
    return state


async def accounts(connection: Connection) -> list[TargetAccount]:
    """Return where all targets stand that were ever told."""
    return await fetch_all(connection, TargetAccount, _QUERIES.targets)


async def gather(connection: Connection, target: Target, *, now: datetime) -> bool:
    """Note which communications have news for a target, and say whether there may be more."""
    parameters = target.parameters
    cursor = await connection.execute(_QUERIES.edge, {**parameters, "entries": _ENTRIES_AT_ONCE})
    row = await cursor.fetchone()
    assert row is not None, "a target is begun before it is told"
    position, edge = int(row[0]), int(row[1])
    if position >= edge:
        return False
    cursor = await connection.execute(_QUERIES.gather, {**parameters, "position": position, "edge": edge, "now": now})
    await connection.execute(_QUERIES.advance, {**parameters, "edge": edge})
    return cursor.rowcount > 0


async def due(connection: Connection, target: str, *, now: datetime, limit: int) -> list[Due]:
    """Return communications of which a target is to be told, those that wait longest first."""
    return await fetch_all(connection, Due, _QUERIES.due, target=target, now=now, limit=limit)


async def happenings(connection: Connection, of: Sequence[Due]) -> dict[UUID, list[Happening]]:
    """Return by communication what happened to it behind what was told, in its order."""
    rows = await fetch_all(
        connection,
        _Row,
        _QUERIES.happenings,
        ids=[one.communication_id for one in of],
        told=[one.told for one in of],
    )
    found: dict[UUID, list[Happening]] = {}
    for row in rows:
        found.setdefault(row.communication_id, []).append(row.happening())
    return found


async def mark(connection: Connection, target: str, marked: Sequence[Marked]) -> None:
    """Note how far a target was told; what was ordered to be told again meanwhile stays due."""
    if marked:
        await connection.execute(
            _QUERIES.mark,
            {
                "target": target,
                "ids": [one.due.communication_id for one in marked],
                "seen": [one.due.told for one in marked],
                "last": [one.last for one in marked],
                "due": [one.due_at for one in marked],
            },
        )


async def refuse(connection: Connection, target: str, refused: Sequence[Refused], *, now: datetime) -> None:
    """Keep what a target does not take."""
    if refused:
        await connection.execute(
            _QUERIES.refuse,
            {
                "target": target,
                "entries": [one.entry_id for one in refused],
                "ids": [one.communication_id for one in refused],
                "reasons": [one.reason for one in refused],
                "now": now,
            },
        )


async def refusals(connection: Connection, target: str, *, limit: int) -> list[RefusedLine]:
    """Return what a target did not take, the latest first."""
    return await fetch_all(connection, RefusedLine, _QUERIES.refusals, target=target, limit=limit)


async def note(
    connection: Connection, target: str, *, trouble: str | None, retry_at: datetime | None, now: datetime
) -> None:
    """Note what keeps a target from being told; None where nothing does."""
    await connection.execute(_QUERIES.note, {"target": target, "trouble": trouble, "retry_at": retry_at, "now": now})


async def count(connection: Connection, target: Target, *, since: datetime, until: datetime) -> list[Count]:
    """Return what happened in a time of which a target is told, and how much of it the target has."""
    return await fetch_all(connection, Count, _QUERIES.count, **target.parameters, since=since, until=until)


async def replay(connection: Connection, target: Target, *, since: datetime, until: datetime, now: datetime) -> int:
    """Let a target be told again of what happened in a time, and what followed; returns of how many communications."""
    cursor = await connection.execute(
        _QUERIES.replay, {**target.parameters, "since": since, "until": until, "now": now}
    )
    await connection.execute(_QUERIES.take_back_refusals, {"target": target.name})
    return cursor.rowcount


async def is_day_told(connection: Connection, target: str, day: date) -> bool:
    """Say whether a target was told how much happened on a day."""
    cursor = await connection.execute(_QUERIES.is_day_told, {"target": target, "day": day})
    return await cursor.fetchone() is not None


async def tell_day(connection: Connection, target: str, day: date, *, now: datetime) -> None:
    """Note that a target was told how much happened on a day."""
    await connection.execute(_QUERIES.tell_day, {"target": target, "day": day, "now": now})
