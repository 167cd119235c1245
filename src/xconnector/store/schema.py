"""The tables of the store, brought up to this version."""

from collections.abc import Sequence

from xconnector.execution.schema import migrate_execution, missing_in_execution
from xconnector.postgres.connect import Connection, connect
from xconnector.postgres.migrations import Phase, load_migrations, migrate, missing


async def migrate_everything(conninfo: str, *, through: Phase = Phase.POST) -> Sequence[str]:
    """Bring the tables of execution and store up to this version; returns what was applied now.

    Raises MigrationError when the database and the migrations do not fit each other.
    """
    below = await migrate_execution(conninfo, through=through)
    async with await connect(conninfo, name="xconnector migrations") as connection:
        ours = await migrate(connection, "store", load_migrations("xconnector.store.migrations"), through=through)
    return [*below, *ours]


async def missing_migrations(connection: Connection) -> Sequence[str]:
    """Return the names of the migrations that this version has and the database has not."""
    below = await missing_in_execution(connection)
    return [*below, *await missing(connection, "store", load_migrations("xconnector.store.migrations"))]
