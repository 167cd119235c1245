"""Plain numbered migrations, each applied once, in order, in a transaction of its own.

A migration is a file `NNNN_name.pre.sql` (the old code still runs after it) or `NNNN_name.post.sql` (the old code is
gone). A rolling upgrade applies the `pre` ones, replaces the programs, then applies the `post` ones; whoever can stop
everything applies them all at once.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries

_FILE = re.compile(r"(?P<number>\d{4})_[a-z0-9_]+\.(?P<phase>pre|post)\.sql")
_QUERIES = Queries.load("xconnector.postgres", "migrations.sql")


class MigrationError(Exception):
    """The database and the migrations do not fit each other; the message says what to do."""


class Phase(StrEnum):
    """Before or after the programs are replaced."""

    PRE = "pre"
    POST = "post"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file; a migration of phase `PRE` leaves the database fit for the old code too."""

    name: str
    phase: Phase
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def load_migrations(package: str) -> Sequence[Migration]:
    """The migrations in the folder of `package`, in the order in which they apply.

    Raises:
        MigrationError: a file's name tells no number or phase, or two have the same.
    """
    found: dict[tuple[int, bool], Migration] = {}
    for entry in files(package).iterdir():
        if not entry.name.endswith(".sql"):
            continue
        if (parts := _FILE.fullmatch(entry.name)) is None:
            raise MigrationError(f"{package}/{entry.name}: call it NNNN_name.pre.sql or NNNN_name.post.sql.")
        place = (int(parts["number"]), parts["phase"] == Phase.POST)
        sql = entry.read_text(encoding="utf-8")
        migration = Migration(name=entry.name.removesuffix(".sql"), phase=Phase(parts["phase"]), sql=sql)
        if place in found:
            raise MigrationError(f"{package}: {found[place].name} and {migration.name} have one number; renumber one.")
        found[place] = migration
    return [found[place] for place in sorted(found)]


async def migrate(
    connection: Connection, component: str, migrations: Sequence[Migration], *, through: Phase = Phase.POST
) -> Sequence[str]:
    """Apply what is missing, while every other program that wants to migrate waits.

    Args:
        connection: in autocommit, outside any transaction.
        component: whose migrations these are; numbers count within it.
        migrations: as `load_migrations` gives them.
        through: with `Phase.PRE` the `post` ones are left for later.

    Returns:
        The names of those that were applied now.

    Raises:
        MigrationError: an applied file was changed, or the database was migrated by a newer version.
    """
    async with connection.transaction():
        await lock_migrations(connection)
        _refuse_strangers(component, migrations, await _recorded(connection, component))
    wanted = [migration for migration in migrations if through is Phase.POST or migration.phase is Phase.PRE]
    return [migration.name for migration in wanted if await _apply_once(connection, component, migration)]


async def missing(connection: Connection, component: str, migrations: Sequence[Migration]) -> Sequence[str]:
    """The names of those that were not applied to this database; all of them where it was never migrated."""
    cursor = await connection.execute(_QUERIES.has_migration_table)
    if await cursor.fetchone() != (True,):
        return [migration.name for migration in migrations]
    recorded = await _recorded(connection, component)
    return [migration.name for migration in migrations if migration.name not in recorded]


async def lock_migrations(connection: Connection) -> None:
    """Wait until nobody else migrates this database; held to the end of the transaction."""
    await connection.execute(_QUERIES.lock_migrations)
    await connection.execute(_QUERIES.create_migration_table)


async def record_as_applied(connection: Connection, component: str, migration: Migration) -> None:
    """For what arrived by another way, such as a library's whole schema."""
    record = {"component": component, "name": migration.name, "phase": migration.phase, "sha256": migration.sha256}
    await connection.execute(_QUERIES.record_migration, record)


async def _apply_once(connection: Connection, component: str, migration: Migration) -> bool:
    async with connection.transaction():
        await lock_migrations(connection)
        if migration.name in await _recorded(connection, component):
            return False
        # Bytes without parameters: a file may hold many statements, and a percent sign is a percent sign.
        await connection.execute(migration.sql.encode())
        await record_as_applied(connection, component, migration)
    return True


async def _recorded(connection: Connection, component: str) -> Mapping[str, tuple[Phase, str]]:
    cursor = await connection.execute(_QUERIES.recorded_migrations, {"component": component})
    return {str(name): (Phase(phase), str(sha256)) for name, phase, sha256 in await cursor.fetchall()}


def _refuse_strangers(
    component: str, migrations: Sequence[Migration], recorded: Mapping[str, tuple[Phase, str]]
) -> None:
    ours = {migration.name: migration for migration in migrations}
    for name, (phase, sha256) in recorded.items():
        if name in ours and ours[name].sha256 != sha256:
            raise MigrationError(
                f"{component}: {name} was changed after it was applied to this database. "
                "Restore the file as it was, and put the change into a new migration."
            )
        # A `pre` migration promises that the code before it still runs.
        if name not in ours and phase is Phase.POST:
            raise MigrationError(
                f"{component}: this database was migrated by a newer version ({name} is unknown here). "
                "Install that version, or restore the backup that was made before the upgrade."
            )
