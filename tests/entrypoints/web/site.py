"""The web of the small project on a free port of this machine, as callers and customers see it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from xconnector.domain.keys import Purpose
from xconnector.domain.portal_link import PortalLink, PortalSecrets
from xconnector.entrypoints.bootstrap import open_workplace
from xconnector.entrypoints.web.application import application
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.entrypoints.web.listening import listening
from xconnector.entrypoints.web.server import Tls, WebServer
from xconnector.operations.keys import make_key
from xconnector.pipeline.workplace import Workplace
from xconnector.project.load import load_project
from xconnector.testing.small_project import write_small_project

SECRETS = PortalSecrets(["a secret of the tests that nobody guesses"])
ENVIRONMENT = {"SMTP_PORT": "2525", "PRINT_PORT": "2222", "PRINT_HOST_KEY": "ssh-ed25519 AAAA"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A running web."""

    address: str
    place: Workplace
    client: httpx.AsyncClient
    keys: Mapping[Purpose, str] = field(repr=False)

    def bearing(self, purpose: Purpose) -> dict[str, str]:
        """The header of a caller whose key opens this."""
        return {"Authorization": f"Bearer {self.keys[purpose]}"}

    def token(self, customer_key: str, *, expires_in: timedelta = timedelta(days=1)) -> str:
        return SECRETS.sign(PortalLink(customer_key=customer_key, expires_at=datetime.now(UTC) + expires_in))


@asynccontextmanager
async def open_site(
    folder: Path,
    database: str,
    *,
    limits: WebLimits | None = None,
    connections: str = "",
    feeds: str = "",
    speakers: str = "",
    tls: Tls | None = None,
) -> AsyncGenerator[Site]:
    """Serve the small project for the block, with further connections and feeds as lines of its file."""
    file = write_small_project(folder) / "xconnector.yaml"
    text = file.read_text().replace("connections:\n", f"connections:\n{connections}", 1)
    file.write_text(text.replace("feeds:\n", f"{speakers}feeds:\n{feeds}", 1))
    project = load_project(folder, ENVIRONMENT)
    async with open_workplace(project, database, name="tests") as place:
        keys = {purpose: await make_key(place.pool, f"test-{purpose}", purpose) for purpose in Purpose}
        with listening("127.0.0.1", 0) as listener:
            ready = asyncio.Event()
            app = application(place, secrets=SECRETS, limits=limits)
            server = WebServer(app, listener, tls=tls, on_ready=ready.set)
            serving = asyncio.create_task(server.run_until_stopped())
            await ready.wait()
            address = f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
            try:
                async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as client:
                    yield Site(address=address, place=place, client=client, keys=keys)
            finally:
                server.stop()
                await serving


async def cut_off(database: str) -> None:
    """Let nobody reach a database any more: neither those who are connected, nor others."""
    name = conninfo_to_dict(database)["dbname"]
    elsewhere = make_conninfo(database, dbname="postgres")
    async with await psycopg.AsyncConnection.connect(elsewhere, autocommit=True) as connection:
        await connection.execute(
            sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(sql.Identifier(str(name)))
        )
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %(name)s", {"name": name}
        )
