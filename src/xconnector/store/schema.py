"""The tables of the store, brought up to this version."""

from collections.abc import Sequence

from xconnector.execution.schema import migrate_execution
from xconnector.postgres.connect import connect
from xconnector.postgres.migrations import Phase, load_migrations, migrate


async def migrate_everything(conninfo: str, *, through: Phase = Phase.POST) -> Sequence[str]:
    """Bring the tables of execution and store up to this version; returns what was applied now.

    Raises MigrationError when the database and the migrations do not fit each other.
    """
    below = await migrate_execution(conninfo, through=through)
    async with await connect(conninfo, name="xconnector migrations") as connection:
        ours = await migrate(connection, "store", load_migrations("xconnector.store.migrations"), through=through)
    return [*below, *ours]
