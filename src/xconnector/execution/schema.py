"""The tables of durable execution: procrastinate's own, and ours for waits and limits."""

import re
from collections.abc import Sequence
from importlib.resources import files

from procrastinate.schema import SchemaManager

from xconnector.postgres.connect import Connection, connect
from xconnector.postgres.migrations import (
    Migration,
    Phase,
    load_migrations,
    lock_migrations,
    migrate,
    missing,
    record_as_applied,
)
from xconnector.postgres.queries import Queries

_QUERIES = Queries.load("xconnector.execution", "schema.sql")
# Their numbers from 50 on are for after the upgrade: `03.04.00_50_post_….sql`.
_POST = re.compile(r"[\d.]+_[5-9]\d_")


async def migrate_execution(conninfo: str, *, through: Phase = Phase.POST) -> Sequence[str]:
    """Bring the tables of execution up to this version.

    Returns:
        The names of the migrations that were applied now.
    """
    async with await connect(conninfo, name="xconnector migrations") as connection:
        await _make_procrastinate(connection)
        theirs = await migrate(connection, "procrastinate", _procrastinate_migrations(), through=through)
        ours = load_migrations("xconnector.execution.migrations")
        return [*theirs, *await migrate(connection, "execution", ours, through=through)]


async def missing_in_execution(connection: Connection) -> Sequence[str]:
    """The names of the migrations of execution that the database has not."""
    theirs = await missing(connection, "procrastinate", _procrastinate_migrations())
    return [*theirs, *await missing(connection, "execution", load_migrations("xconnector.execution.migrations"))]


async def _make_procrastinate(connection: Connection) -> None:
    """An empty database gets their schema as a whole; what later versions add comes one by one."""
    async with connection.transaction():
        await lock_migrations(connection)
        row = await (await connection.execute(_QUERIES.procrastinate_is_there)).fetchone()
        if row == (True,):
            return
        await connection.execute(SchemaManager.get_schema().encode())
        for migration in _procrastinate_migrations():
            await record_as_applied(connection, "procrastinate", migration)


def _procrastinate_migrations() -> Sequence[Migration]:
    folder = files("procrastinate.sql.migrations")
    entries = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return [
        Migration(
            name=entry.name.removesuffix(".sql"),
            phase=Phase.POST if _POST.match(entry.name) else Phase.PRE,
            sql=entry.read_text(encoding="utf-8"),
        )
        for entry in entries
    ]
