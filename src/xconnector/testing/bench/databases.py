"""A database of its own for every measurement, gone after it."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from xconnector.postgres.queries import Queries
from xconnector.store.schema import migrate_everything

_QUERIES = Queries.load("xconnector.testing.bench", "bench.sql")


@contextmanager
def migrated_database(server_url: str) -> Generator[str]:
    """A database with the product's tables, for the block."""
    with empty_database(server_url) as url:
        asyncio.run(migrate_everything(url))
        yield url


@contextmanager
def empty_database(server_url: str) -> Generator[str]:
    """A database without any table, for the block."""
    name = f"xconnector_bench_{uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield make_conninfo(server_url, dbname=name)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def is_busy(connection: psycopg.Connection) -> bool:
    """Say whether any work waits or runs in this database."""
    row = connection.execute(_QUERIES.is_busy).fetchone()
    return row is not None and bool(row[0])
