"""A table in a real PostgreSQL."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

_END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStandIn:
    server: str
    connection: psycopg.AsyncConnection

    @property
    def settings(self) -> Mapping[str, object]:
        return {
            "database": self.server,
            "query": "SELECT * FROM thing",
            "cursor": "change",
            "key": ["no"],
            "overlap_numbers": 0,
        }

    async def put(self, key: str, text: str) -> None:
        await self.connection.execute(
            "INSERT INTO thing (no, text) VALUES (%s, %s) "
            "ON CONFLICT (no) DO UPDATE SET text = excluded.text, change = excluded.change",
            (key, text),
        )

    async def go_away(self) -> None:
        name = self.connection.info.dbname
        elsewhere = make_conninfo(self.server, dbname="postgres")
        async with await psycopg.AsyncConnection.connect(elsewhere, autocommit=True) as keeper:
            shut = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name))
            await keeper.execute(shut)
            await keeper.execute(_END, (name,))


@asynccontextmanager
async def open_source(server: str) -> AsyncGenerator[TableStandIn]:
    async with await psycopg.AsyncConnection.connect(server, autocommit=True) as connection:
        await connection.execute("CREATE TABLE thing (no text PRIMARY KEY, text text, change bigserial)")
        yield TableStandIn(server=server, connection=connection)
