"""What people said of decision tables: the append-only ledger of tables, chained by hash."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from xconnector.domain.decision.version_chain import ChainedEvent, chained
from xconnector.domain.decision.versions import Act, TableEvent
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, fetch_one

_QUERIES = Queries.load("xconnector.store", "table_events.sql")
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    position: int
    at: datetime
    name: str
    table_sha256: str
    act: str
    person: str
    role: str | None
    reason: str
    effective_from: date | None
    previous_sha256: str
    sha256: str

    def chained(self) -> ChainedEvent:
        event = TableEvent(
            at=self.at,
            table=self.name,
            sha256=self.table_sha256,
            act=Act(self.act),
            person=self.person,
            role=self.role,
            reason=self.reason,
            effective_from=self.effective_from,
        )
        return ChainedEvent(
            position=self.position, event=event, previous_sha256=self.previous_sha256, sha256=self.sha256
        )


async def lock(connection: Connection) -> None:
    """Let nobody else say anything of tables until the transaction ends."""
    await connection.execute(_QUERIES.lock)


async def append(connection: Connection, event: TableEvent) -> ChainedEvent:
    """Append an event, and return it as it stands in the ledger.

    Its time is that of the event, or just behind the last one where that was later: clocks of two hosts may differ.
    """
    await lock(connection)
    row = await fetch_one(connection, _Row, _QUERIES.last)
    last = None if row is None else row.chained()
    at = event.at if last is None else max(event.at, last.event.at + _TICK)
    entry = chained(replace(event, at=at), behind=last)
    await connection.execute(
        _QUERIES.append,
        {
            "position": entry.position,
            "at": entry.event.at,
            "name": entry.event.table,
            "table_sha256": entry.event.sha256,
            "act": entry.event.act,
            "person": entry.event.person,
            "role": entry.event.role,
            "reason": entry.event.reason,
            "effective_from": entry.event.effective_from,
            "previous_sha256": entry.previous_sha256,
            "sha256": entry.sha256,
        },
    )
    return entry


async def of_table(connection: Connection, name: str) -> list[TableEvent]:
    """Return what was said of the tables of a name, oldest first."""
    return [row.chained().event for row in await fetch_all(connection, _Row, _QUERIES.of_table, name=name)]


async def chain(connection: Connection) -> list[ChainedEvent]:
    """Return everything that was ever said of tables, oldest first; `first_break` says whether it is whole."""
    return [row.chained() for row in await fetch_all(connection, _Row, _QUERIES.chain)]
