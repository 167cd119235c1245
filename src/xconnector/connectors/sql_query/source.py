"""A query as a source that is asked."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self, TypeAlias

import psycopg
from psycopg import AsyncConnection, IsolationLevel
from psycopg.rows import TupleRow

from xconnector.connectors.sql_query.position import Position, Row, Snapshot, read_position, write_position
from xconnector.connectors.sql_query.settings import SqlQuerySettings
from xconnector.connectors.sql_query.statements import Behind, CursorKind, Statements, kind_of, parameters_of
from xconnector.contract.errors import ConnectorError, MisconfiguredError, TransientError
from xconnector.contract.pull_source import Pulled
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.domain.strict_json import StrictJsonError, read_json

_Line: TypeAlias = AsyncConnection[TupleRow]

_CONNECT_SECONDS = 15
_SAID_IN_WORDS = "42"
"""Class of errors that speak of the query, and never of what it found."""
_UNREADABLE = "28"
_ENDED_IN_TIME = "57014"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """For whom records are read."""

    source: str
    event_type: str
    kind: CursorKind


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """Where a page begins: behind a row, or at a cursor."""

    behind: Behind
    parameters: Mapping[str, object]


class SqlQuery:
    """Gives the rows of a query, in the order of its cursor, each round from where late rows may still appear."""

    def __init__(self, settings: SqlQuerySettings) -> None:
        """Nothing is connected before it is asked."""
        self._settings = settings
        self._statements = Statements(settings)
        self._connection: _Line | None = None
        self._kind: CursorKind | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._disconnect()

    async def check(self) -> None:
        """Let the database prove the query without running it."""
        async with self._reading() as connection:
            await self._kind_of_cursor(connection)

    async def pull(self, position: str | None, *, at_most: int, source: str, event_type: str) -> Pulled:
        known = read_position(position, cursor_column=self._settings.cursor)
        async with self._reading() as connection:
            kind = await self._kind_of_cursor(connection)
            asking = _Asking(source=source, event_type=event_type, kind=kind)
            if known.at is not None:
                behind = parameters_of((known.at.cursor, *known.at.key))
                start = _Start(behind=Behind.ROW, parameters={**behind, "at_most": at_most})
                return await self._page(connection, asking, known, start)
            unordered = await self._unordered(connection, asking, at_most)
            begun, low = known.begun(await self._snapshot(connection))
            reached = None if low is None else await self._reach_back(connection, kind, low)
            behind_what = Behind.NOTHING if reached is None else Behind.CURSOR
            start = _Start(behind=behind_what, parameters={"start": reached, "at_most": at_most})
            page = await self._page(connection, asking, begun, start)
        return Pulled(records=[*unordered, *page.records], position=page.position, more=page.more)

    # ---------------------------------------------------------------- one page

    async def _page(self, connection: _Line, asking: _Asking, position: Position, start: _Start) -> Pulled:
        statement = self._statements.page(start.behind)
        rows = await (await connection.execute(statement, start.parameters)).fetchall()
        if rows:
            cursor, *key = (str(value) for value in rows[-1][:-1])
            position = position.behind(Row(cursor=cursor, key=tuple(key)))
        more = len(rows) == start.parameters["at_most"]
        return Pulled(
            records=[self._record(row, asking) for row in rows],
            position=write_position(position if more else position.ended()),
            more=more,
        )

    def _record(self, row: TupleRow, asking: _Asking) -> SourceRecord | BadRecord:
        *texts, content = (str(value) for value in row)
        payload = content.encode()
        named = dict(zip(self._statements.ordering, texts, strict=True))
        key = f"{'/'.join(named[name] for name in self._settings.key)}@{texts[0]}"
        try:
            data = read_json(payload)
        except StrictJsonError as wrong:
            return BadRecord(source=asking.source, source_key=key, payload=payload, reason=f"the row: {wrong}")
        assert isinstance(data, dict), "a row is an object"
        return SourceRecord(
            source=asking.source,
            source_key=key,
            event_type=asking.event_type,
            occurred_at=_moment(texts[0]) if asking.kind is CursorKind.MOMENT else None,
            payload=payload,
            data=data,
        )

    # ---------------------------------------------------------------- a round

    async def _unordered(self, connection: _Line, asking: _Asking, at_most: int) -> list[BadRecord]:
        """Rows without cursor or key: set aside once each, as long as they are few."""
        cursor = await connection.execute(self._statements.unordered(), {"at_most": at_most})
        rows = await cursor.fetchall()
        if len(rows) == at_most:
            raise MisconfiguredError(
                f"{at_most} rows and more have no {self._settings.cursor}, or no key: they would never be read again; "
                "write coalesce(…) into the query, or leave them out with WHERE"
            )
        reason = f"the row has no {self._settings.cursor}, or no key: it has no place in the order of the query"
        return [
            BadRecord(source=asking.source, source_key=None, payload=str(row[0]).encode(), reason=reason)
            for row in rows
        ]

    async def _snapshot(self, connection: _Line) -> Snapshot:
        row = await (await connection.execute(self._statements.snapshot())).fetchone()
        assert row is not None, "a snapshot is one row"
        return Snapshot(lowest=int(row[0]), ends=int(row[1]))

    async def _reach_back(self, connection: _Line, kind: CursorKind, low: str) -> str:
        if kind is CursorKind.OTHER:
            return low
        overlap = self._settings.overlap_numbers if kind is CursorKind.NUMBER else self._settings.overlap
        statement = self._statements.before(kind)
        row = await (await connection.execute(statement, {"low": low, "overlap": overlap})).fetchone()
        assert row is not None, "a reckoning is one row"
        return str(row[0])

    async def _kind_of_cursor(self, connection: _Line) -> CursorKind:
        """Return how the cursor can be reckoned with, after proving that the query has the columns that are named."""
        if self._kind is None:
            found = (await connection.execute(self._statements.columns(), {})).description or ()
            types = {column.name: column.type_code for column in found}
            missing = [name for name in (self._settings.cursor, *self._settings.key) if name not in types]
            if missing:
                raise MisconfiguredError(f"the query has no column {missing[0]}; its columns are {', '.join(types)}")
            self._kind = kind_of(types[self._settings.cursor])
        return self._kind

    # ---------------------------------------------------------------- the database

    @asynccontextmanager
    async def _reading(self) -> AsyncGenerator[_Line]:
        """Give a transaction that sees one state and cannot write, and say what the database's errors mean."""
        try:
            connection = await self._connected()
            async with connection.transaction():
                yield connection
        except ConnectorError:
            raise
        except psycopg.Error as error:
            await self._disconnect()
            raise _told(error) from None

    async def _connected(self) -> _Line:
        if self._connection is None or self._connection.closed:
            milliseconds = int(self._settings.timeout.total_seconds() * 1000)
            self._connection = await AsyncConnection.connect(
                self._settings.database.get_secret_value(),
                autocommit=True,
                connect_timeout=_CONNECT_SECONDS,
                application_name="xconnector sql_query",
                options=f"-c statement_timeout={milliseconds} -c idle_in_transaction_session_timeout=60000 "
                "-c TimeZone=UTC -c DateStyle=ISO -c default_transaction_read_only=on",
            )
            await self._connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
            await self._connection.set_read_only(True)
        return self._connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def _told(error: psycopg.Error) -> ConnectorError:
    """Say what an error of the database means, without a word of what the query found."""
    state = error.sqlstate or ""
    if isinstance(error, psycopg.ProgrammingError) and not state:
        return MisconfiguredError("`database` is no address of a PostgreSQL database")
    if state.startswith(_SAID_IN_WORDS):
        return MisconfiguredError(f"the database refuses the query: {error.diag.message_primary} ({state})")
    if state.startswith(_UNREADABLE):
        return MisconfiguredError(f"the database refuses the user ({state}); correct `database`")
    if state == _ENDED_IN_TIME:
        return TransientError("the query took longer than `timeout`; give it an index on cursor and key")
    if state and not isinstance(error, psycopg.OperationalError):
        return MisconfiguredError(f"the query cannot be run on what it finds ({state}); run it by hand to see where")
    return TransientError(f"the database cannot be reached ({state or type(error).__name__}); is it up?")


def _moment(text: str) -> datetime | None:
    """Return a time as the database tells it; None for those that Python has no room for, such as infinity."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
