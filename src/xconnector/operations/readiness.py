"""Readiness: whether the database is there, and of this version."""

from xconnector.postgres.connect import Pool, transaction
from xconnector.store.schema import missing_migrations


class NotReadyError(Exception):
    """The database is there and cannot be used yet; the message says what to do."""


async def prove_readiness(pool: Pool) -> None:
    """Return when everything is there.

    Raises NotReadyError, or DatabaseUnreachableError.
    """
    async with transaction(pool) as connection:
        missing = await missing_migrations(connection)
    if missing:
        raise NotReadyError(
            f"{len(missing)} migrations are missing in the database; start a program of this version to apply them"
        )
