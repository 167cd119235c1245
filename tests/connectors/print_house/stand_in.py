"""The print house of the sandbox, behind SFTP, as the outside system of the print_house connector."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

from xconnector.contract.channel import Recipient
from xconnector.domain.document import RenditionKind
from xconnector.sandbox.house import Conduct, House
from xconnector.sandbox.house_sftp import USER, Door, HouseSftp
from xconnector.testing.conformance import Arrival, not_applicable

COLLECTS = True
PASSWORD = "a-password-nobody-may-see"


class PrintHouseStandIn:
    def __init__(self, house: House, door: Door, server: HouseSftp) -> None:
        self.house = house
        self.door = door
        self.server = server

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "destination": {
                "kind": "sftp",
                "host": "127.0.0.1",
                "port": self.server.port,
                "user": USER,
                "password": PASSWORD,
                "host_key": self.server.host_key,
            },
            "acknowledgement": {"folder": "acks", "within": "1h"},
        }

    async def arrived(self) -> Sequence[Arrival]:
        """What the house printed; it vouches for the digests, which stand in a manifest whose totals it checked."""
        self.work()
        return [
            Arrival(dispatch_key=line["dispatch_key"], digests={RenditionKind.LETTER: line["sha256"]})
            for line in self.printed()
        ]

    def work(self) -> None:
        """Let the house work off what lies there."""
        self.house.acknowledge_again()
        for trigger in self.house.waiting():
            self.house.work_off(trigger)

    def printed(self) -> list[dict[str, Any]]:
        return [line for line in read_lines(self.house.arrivals) if "dispatch_key" in line]

    async def go_down(self) -> None:
        self.door.close()

    async def lose_answers(self) -> None:
        self.door.loses_answers = True

    async def refuse(self, recipient: Recipient) -> NoReturn:
        del recipient
        not_applicable("a print house judges bundles, and says so in its acknowledgement")

    async def reject_credentials(self) -> None:
        self.door.refuses_everybody = True


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[PrintHouseStandIn]:
    door = Door(password=PASSWORD)
    async with HouseSftp(folder, door) as server:
        yield PrintHouseStandIn(House(folder=folder, conduct=Conduct()), door, server)


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
