"""A push message goes to the customer's devices, and those that are gone are forgotten."""

from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests.office import Office, notice
from tests.pipeline.conftest import OpenOffice
from tests.pipeline.scripted_channel import Answer, ScriptedChannel
from xconnector.contract.channel import Dispatch
from xconnector.contract.device import Device, GoneDevice
from xconnector.contract.device_outcome import DeviceAnswer, outcome_of
from xconnector.domain.communication import State
from xconnector.postgres.connect import transaction
from xconnector.store import devices

pytestmark = pytest.mark.asyncio(loop_scope="session")

PUSHES = {
    "xconnector.yaml": [
        (
            """    connector: smtp
    host: 127.0.0.1
    port: ${SMTP_PORT}
    tls: none
    sender: {address: service@small.test}
    bounce_domain: bounces.small.test
    token_secret: a-secret-of-the-tests
    bounces: {maildir: var/bounces}
""",
            """    connector: web_push
    vapid_key: yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw
    contact: mailto:push@small.test
""",
        )
    ]
}
CUSTOMER = "K-1"


@pytest.fixture(autouse=True)
def template(tmp_path: Path) -> None:  # pyright: ignore[reportUnusedFunction] - a fixture for all tests
    folder = tmp_path / "templates" / "notice"
    folder.mkdir(parents=True)
    (folder / "push.txt").write_text("Notice {{ data.number }}\n")


@dataclass(slots=True, kw_only=True)
class PushServices(ScriptedChannel):
    """Knows some devices; those that it does not know are gone."""

    knows: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        self.answer = self._shown

    def _shown(self, dispatch: Dispatch) -> Answer:
        return outcome_of([self._of(device) for device in dispatch.devices])

    def _of(self, device: Device) -> DeviceAnswer:
        if device.address in self.knows:
            return f"shown-{device.address}"
        return GoneDevice(device_id=device.device_id, reason="410")


async def registered(office: Office, customer: str, *addresses: str) -> list[UUID]:
    async with transaction(office.place.pool) as connection:
        return [
            await devices.register(
                connection,
                customer_key=customer,
                over="email",
                device=Device(device_id=uuid4(), address=address),
                actor="app",
                now=office.place.now(),
            )
            for address in addresses
        ]


async def present(office: Office, customer: str) -> list[str]:
    async with transaction(office.place.pool) as connection:
        found = await devices.of_customers(connection, [customer], over="email")
    return sorted(device.address for device in found.get(customer, ()))


async def test_one_device_that_takes_it_is_enough_and_the_gone_are_forgotten(office: OpenOffice) -> None:
    services = PushServices(knows={"phone"})
    async with office(PUSHES, instead={"email": services}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        await registered(opened, CUSTOMER, "phone", "lost")
        account = await opened.work()
        left = await present(opened, CUSTOMER)

    assert account.states == {State.COMPLETED: 1}
    assert left == ["phone"]
    assert len(services.given) == 1


async def test_push_is_chosen_for_those_alone_who_have_a_device(office: OpenOffice) -> None:
    changes = {**PUSHES, "tables/routing.md": [("when has email", "when has device")]}
    services = PushServices(knows={"phone"})
    async with office(changes, instead={"email": services}) as opened:
        await registered(opened, CUSTOMER, "phone")
        await opened.send(notice("1", email="a@x.test"), notice("2", email="a@x.test"))
        await opened.work()
        ways = [[one.connection for one in (await opened.explain(number)).handovers] for number in ("1", "2")]

    assert ways == [["email"], ["print"]]


async def test_where_all_are_gone_the_next_hop_is_due(office: OpenOffice) -> None:
    async with office(PUSHES, instead={"email": PushServices()}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        await registered(opened, CUSTOMER, "lost")
        await opened.work()
        story = await opened.story_of("1")
        left = await present(opened, CUSTOMER)

    assert "rerouted" in story
    assert left == []
    assert len(opened.printed()) == 1
