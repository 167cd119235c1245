"""Wiring: from a project folder to everything its stages and operations work with."""

import os
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from xconnector.contract.lifecycle import Connector
from xconnector.execution.jobs import Jobs
from xconnector.pipeline.communicate import lay_main_path
from xconnector.pipeline.workplace import Workplace, state_folder
from xconnector.postgres.connect import Pool, open_pool
from xconnector.postgres.embedded import EmbeddedPostgres
from xconnector.postgres.locks import Session, SessionLocks
from xconnector.project.load import load_project, project_name
from xconnector.project.model import Project
from xconnector.project.open_connections import Connections
from xconnector.store.content import ContentStore
from xconnector.store.schema import migrate_everything

DATABASE_URL = "XCONNECTOR_DATABASE_URL"
POSTGRES_FOLDER = "XCONNECTOR_POSTGRES_FOLDER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """Where the project's database is, and what holds its server up."""

    url: str
    embedded: EmbeddedPostgres | None


@asynccontextmanager
async def open_database(name: str, folder: Path, environment: Mapping[str, str]) -> AsyncGenerator[Database]:
    """Give a project's database, migrated: the one of `XCONNECTOR_DATABASE_URL`, else the embedded one.

    The embedded server stays up as long as any program uses it.
    """
    url = environment.get(DATABASE_URL)
    if url:
        await migrate_everything(url)
        yield Database(url=url, embedded=None)
        return
    server_folder = environment.get(POSTGRES_FOLDER)
    with EmbeddedPostgres(Path(server_folder) if server_folder else None) as server:
        url = server.ensure_database(database_name(name, folder))
        await migrate_everything(url)
        yield Database(url=url, embedded=server)


def database_name(name: str, folder: Path) -> str:
    """Return the name of a project's own database.

    It is kept with the project's working files: a project that is moved takes its database along, and a
    new one in the same place begins with a new database.
    """
    kept = state_folder(folder) / "database"
    kept.parent.mkdir(exist_ok=True)
    beside = kept.with_name(f".database.{os.getpid()}")
    beside.write_text(f"{name}_{secrets.token_hex(4)}".replace("-", "_"), encoding="utf-8")
    with suppress(FileExistsError):
        # A link never replaces: of two programs that begin together, one gives the name.
        kept.hardlink_to(beside)
    beside.unlink()
    return kept.read_text(encoding="utf-8")


@asynccontextmanager
async def open_workplace(
    project: Project, url: str, *, name: str, already_open: Mapping[str, Connector] | None = None
) -> AsyncGenerator[Workplace]:
    """Open what stages and operations work with, and lay the main path on it.

    `already_open` holds connections that the caller opened and will close.
    """
    folder = state_folder(project.folder)
    async with (
        open_pool(url, name=name) as pool,
        Session(url, name=f"{name} locks") as session,
    ):
        locks = SessionLocks(session)
        async with Connections(project, folder, session=session, locks=locks, already_open=already_open) as connections:
            place = Workplace(
                project=project,
                jobs=Jobs(),
                pool=pool,
                locks=locks,
                connections=connections,
                content=ContentStore(folder / "content"),
            )
            lay_main_path(place)
            yield place


@asynccontextmanager
async def open_project(folder: Path, *, name: str) -> AsyncGenerator[tuple[Workplace, Database]]:
    """Load a project and open everything it needs, from the environment of this process.

    Raises ProjectError with every mistake in its files.
    """
    project = load_project(folder, os.environ)
    async with (
        open_database(project.name, project.folder, os.environ) as database,
        open_workplace(project, database.url, name=name) as place,
    ):
        yield place, database


@asynccontextmanager
async def open_store(folder: Path, *, name: str) -> AsyncGenerator[Pool]:
    """Open the database of the project in a folder, even while what its connections need is not there yet.

    Raises ProjectError when the project has no name.
    """
    async with (
        open_database(project_name(folder), folder, os.environ) as database,
        open_pool(database.url, name=name) as pool,
    ):
        yield pool
