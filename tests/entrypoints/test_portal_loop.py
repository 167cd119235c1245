"""The portal's whole circle: published over HTTP, seen or not, withdrawn, and what the communication makes of it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.entrypoints.web.site import SECRETS
from tests.office import Changes, Office, notice, open_office
from xconnector.contract.errors import TransientError
from xconnector.domain.communication import State
from xconnector.domain.evidence import Evidence
from xconnector.domain.keys import Purpose
from xconnector.domain.portal_link import PortalLink
from xconnector.entrypoints.web.application import application
from xconnector.entrypoints.web.listening import listening
from xconnector.entrypoints.web.server import WebServer
from xconnector.execution.jobs import Attempt, Priority
from xconnector.operations.withdrawing import NothingToWithdrawError, withdraw
from xconnector.pipeline.unseen import unseen
from xconnector.postgres.connect import transaction
from xconnector.store import keys

KEY = "xc_portal_of-the-tests"
ANNA = {"actor": "anna", "reason": "the wrong tariff"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """An office that publishes on its own web, where a notice that nobody sees for 5 days is printed."""

    office: Office
    customer: httpx.AsyncClient
    """The browser of the one customer."""
    server: WebServer
    serving: asyncio.Task[None]

    async def published(self) -> str:
        await self.office.send(notice("1", email="a@x.test"))
        await self.office.work_until(("1", State.COMPLETED))
        (handover,) = (await self.office.explain("1")).handovers
        return handover.dispatch_key

    async def lie_there(self) -> None:
        """Let it be published for six days, and look after what nobody saw."""
        place = self.office.place
        batch_id = (await self.office.explain("1")).found.batch_id
        async with transaction(place.pool) as connection:
            await connection.execute("UPDATE dispatch SET intended_at = intended_at - interval '6 days'")
        ids = {"batch_id": batch_id, "channel": "portal"}
        attempt = Attempt(stage="unseen", ids=ids, priority=Priority.ONE_OFF, number=1, job_id=1)
        await unseen(place, attempt, batch_id, "portal")

    async def go_down(self) -> None:
        self.server.stop()
        await self.serving

    async def withdraw(self) -> None:
        await withdraw(self.office.place.pool, self.office.place.connections, "1", **ANNA)


@asynccontextmanager
async def open_portal(folder: Path, database: str) -> AsyncGenerator[Portal]:
    with listening("127.0.0.1", 0) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        connection = f"  portal: {{connector: portal, url: '{address}', key: {KEY}}}\n"
        changes: Changes = {
            "tables/routing.md": [("| email, print      |", "| portal for 5 days, print |")],
            "xconnector.yaml": [("connections:\n", f"connections:\n{connection}")],
        }
        async with open_office(folder, database, changes=changes) as office:
            async with transaction(office.place.pool) as at_once:
                now = datetime.now(UTC)
                await keys.remember(at_once, name="portal", key=KEY, purpose=Purpose.PORTAL, now=now)
            ready = asyncio.Event()
            server = WebServer(application(office.place, secrets=SECRETS), listener, on_ready=ready.set)
            serving = asyncio.create_task(server.run_until_stopped())
            await ready.wait()
            try:
                link = PortalLink(customer_key="K-1", expires_at=datetime.now(UTC) + timedelta(days=1))
                below = f"{address}/portal/{SECRETS.sign(link)}"
                async with httpx.AsyncClient(base_url=below, trust_env=False) as customer:
                    yield Portal(office=office, customer=customer, server=server, serving=serving)
            finally:
                server.stop()
                await serving


async def test_what_a_customer_opens_is_seen_and_stays(tmp_path: Path, database: str) -> None:
    async with open_portal(tmp_path, database) as portal:
        key = await portal.published()
        letter = await portal.customer.post(f"/documents/{key}", follow_redirects=True)
        await portal.lie_there()
        found = await portal.office.explain("1")

    assert letter.content.startswith(b"%PDF-")
    assert found.evidence is Evidence.OPENED
    assert (found.found.state, len(found.handovers)) == (State.COMPLETED, 1)


async def test_what_only_scanners_fetched_is_printed(tmp_path: Path, database: str) -> None:
    async with open_portal(tmp_path, database) as portal:
        key = await portal.published()
        assert (await portal.customer.get(f"/documents/{key}")).status_code == 200
        await portal.lie_there()
        await portal.office.work()
        found = await portal.office.explain("1")

    assert [handover.connection for handover in found.handovers] == ["portal", "print"]


async def test_what_was_withdrawn_is_neither_shown_nor_printed(tmp_path: Path, database: str) -> None:
    async with open_portal(tmp_path, database) as portal:
        key = await portal.published()
        await portal.withdraw()
        shown = await portal.customer.get(f"/documents/{key}")
        await portal.lie_there()
        account = await portal.office.work()
        found = await portal.office.explain("1")
        with pytest.raises(NothingToWithdrawError, match="withdrawn already"):
            await portal.withdraw()

    assert shown.status_code == 404
    assert account.closes
    assert [(handover.connection, handover.state) for handover in found.handovers] == [("portal", "withdrawn")]
    told = [(entry.event, entry.actor) for entry in found.history if entry.event.startswith("withdraw")]
    assert told == [("withdrawal ordered", "anna"), ("withdrawn", "anna")]


async def test_a_withdrawal_that_the_portal_did_not_hear_can_be_ordered_again(tmp_path: Path, database: str) -> None:
    async with open_portal(tmp_path, database) as portal:
        key = await portal.published()
        await portal.go_down()
        with pytest.raises(TransientError):
            await portal.withdraw()
        (handover,) = (await portal.office.explain("1")).handovers

    assert (handover.dispatch_key, handover.state) == (key, "handed_over")


async def test_what_no_portal_shows_cannot_be_withdrawn(tmp_path: Path, database: str) -> None:
    async with open_portal(tmp_path, database) as portal:
        await portal.office.send(notice("1"))
        await portal.office.work()
        with pytest.raises(NothingToWithdrawError, match="no channel shows it"):
            await portal.withdraw()
