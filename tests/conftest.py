"""What tests of the whole house share: a real PostgreSQL, and a fresh database for each test that asks.

`XCONNECTOR_TEST_DATABASE_URL` names a server to use instead of the embedded one; its user must be allowed to create
databases.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from xconnector.postgres.embedded import SETTINGS, EmbeddedPostgres
from xconnector.store.schema import migrate_everything

# A test's data need not survive a power cut.
FAST_SETTINGS = {**SETTINGS, "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextmanager
def own_server() -> Generator[str]:
    """An embedded server in a folder of its own, where root's system user may go too."""
    folder = Path(tempfile.mkdtemp(prefix="xc-", dir="/var/tmp"))
    try:
        with EmbeddedPostgres(folder, settings=FAST_SETTINGS) as server:
            yield server.database_url()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a running server's maintenance database; one server per test process."""
    if address := os.environ.get("XCONNECTOR_TEST_DATABASE_URL"):
        yield address
        return
    with own_server() as address:
        yield address


@contextmanager
def own_database(postgres: str, *, template: str = "template1") -> Generator[str]:
    """A database that exists for the block, copied from `template`."""
    name = f"xc_test_{uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        try:
            yield name
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def migrated_template(postgres: str) -> Iterator[str]:
    """The name of a migrated database that is copied for each test."""
    with own_database(postgres) as name:
        asyncio.run(migrate_everything(make_conninfo(postgres, dbname=name)))
        yield name


@pytest.fixture
def database(postgres: str, migrated_template: str) -> Iterator[str]:
    """A connection string of a fresh, migrated database."""
    with own_database(postgres, template=migrated_template) as name:
        yield make_conninfo(postgres, dbname=name)


@pytest.fixture
def empty_database(postgres: str) -> Iterator[str]:
    """A connection string of a fresh database without any table."""
    with own_database(postgres) as name:
        yield make_conninfo(postgres, dbname=name)
