"""What brokers give, from the broker to the inbox: once each, whatever is repeated, disordered, broken or killed."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec
import pytest

from tests.connectors.nats.stand_in import open_stream as open_nats
from tests.office import Office, notice
from tests.pipeline.conftest import OpenOffice
from xconnector.execution.jobs import Listener
from xconnector.pipeline.listen import listen
from xconnector.postgres.connect import reading
from xconnector.testing.conformance.stream_stand_in import Published, StreamStandIn

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

FEED = "notice_stream"


def project_of(stand_in: StreamStandIn, connector: str) -> dict[str, Sequence[tuple[str, str]]]:
    """Return the changes that let the small project listen to a broker."""
    settings = msgspec.json.encode({"connector": connector, **stand_in.settings, "key": ["number"]}).decode()
    feed = "{connection: broker, event: com.small.notice, mapping: notice}"
    return {"xconnector.yaml": [("feeds:\n", f"  broker: {settings}\nfeeds:\n  {FEED}: {feed}\n")]}


def let_listen(office: Office) -> None:
    place = office.place
    place.jobs.add_listener(Listener(name=FEED, listen=partial(listen, place, place.project.feeds[FEED])))


def message(number: str, **fields: object) -> Published:
    return Published(payload=notice(number, **fields).payload)


async def fates(office: Office) -> dict[str, int]:
    async with reading(office.place.pool) as connection:
        rows = await (await connection.execute("SELECT fate, count(*) FROM inbox GROUP BY fate")).fetchall()
    return {str(fate): int(number) for fate, number in rows}


async def test_an_event_from_a_broker_becomes_a_letter(office: OpenOffice, tmp_path: Path) -> None:
    async with open_nats(tmp_path / "broker") as broker, office(project_of(broker, "nats")) as open_office:
        let_listen(open_office)
        await broker.publish([message("1"), message("2", email="b@x.test")])

        async with open_office.at_work():
            await open_office.until(partial(_are_through, open_office, 2))

        assert await fates(open_office) == {"taken": 2}
        assert await broker.unacknowledged() == 0


async def _are_through(office: Office, number: int) -> bool:
    return (await fates(office)).get("taken") == number and await office.is_through()
