"""The small project with a past: what the verbs of the command line are shown on."""

import asyncio
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo
from typer.testing import CliRunner, Result

from tests.conftest import own_database
from tests.office import notice, open_office
from xconnector.entrypoints.cli import app
from xconnector.testing.small_project import row


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a person types commands."""

    folder: Path
    database: str
    run: str
    """Name of the run that was made."""

    def type(self, *words: str) -> Result:
        """Run a verb on the project."""
        environment = {
            **os.environ,
            "XCONNECTOR_DATABASE_URL": self.database,
            "XCONNECTOR_PROJECT": str(self.folder),
            "SMTP_PORT": "2525",
        }
        return CliRunner().invoke(app, list(words), env=environment)


@contextmanager
def desk_with_a_past(postgres: str, template: str, folder: Path) -> Generator[Desk]:
    """A run of four and an event that waits for review; one of the run failed, one was suppressed."""
    with own_database(postgres, template=template) as name:
        database = make_conninfo(postgres, dbname=name)
        run = asyncio.run(_live(folder, database))
        yield Desk(folder=folder, database=database, run=run)


async def _live(folder: Path, database: str) -> str:
    async with open_office(folder, database) as office:
        run = await office.run(
            [
                row("mailed", email="a@x.test"),
                row("printed"),
                row("silent", preference="nothing"),
                row("odd", amount="700"),
            ]
        )
        await office.send(notice("reviewed", amount="2000.00"))
        await office.work()
        return run.name
