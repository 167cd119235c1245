"""The print house behind Debian's OpenSSH keeps the same promises as the sandbox's."""

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.connectors.print_house.letters import bundle_of, piece
from tests.connectors.print_house.openssh.print_house.stand_in import OpenSshStandIn, end_sessions, open_stand_in
from xconnector.connectors.print_house.channel import PrintHouse
from xconnector.connectors.print_house.settings import PrintHouseSettings
from xconnector.contract.channel import Dispatch
from xconnector.contract.errors import ConnectorError, MisconfiguredError, OutcomeUnknownError
from xconnector.contract.manifest import Surroundings
from xconnector.domain.delivery import DeliveryEventType
from xconnector.testing.conformance import CollectingChannelConformance

pytestmark = [pytest.mark.peer("sshd", "sftp-server"), pytest.mark.slow]

PIECES = [piece(1), piece(2)]
ANOTHER_KEY = asyncssh.generate_private_key("ssh-ed25519")  # pyright: ignore[reportUnknownMemberType] - of its keywords


class TestConformance(CollectingChannelConformance):
    stand_ins = Path(__file__).parent / "openssh"
    connectors = ("print_house",)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[OpenSshStandIn]:
    folder = tmp_path / "outside"
    folder.mkdir()
    async with open_stand_in(folder) as server:
        yield server


def opened(settings: Mapping[str, Any], folder: Path, destination: Mapping[str, str] | None = None) -> PrintHouse:
    changed = {**settings, "destination": {**settings["destination"], **(destination or {})}}
    surroundings = Surroundings(project_folder=folder, state_folder=folder / "state")
    return PrintHouse(PrintHouseSettings.model_validate(changed), surroundings)


@pytest.fixture
async def channel(server: OpenSshStandIn, tmp_path: Path) -> AsyncIterator[PrintHouse]:
    async with opened(server.settings, tmp_path) as channel:
        yield channel


async def test_a_torn_part_is_replaced_though_a_plain_rename_would_fail(
    channel: PrintHouse, server: OpenSshStandIn
) -> None:
    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))
    part, trigger = server.house.folder / "run-7-1-p001.pdf", server.house.folder / "run-7-1.done"
    whole = part.read_bytes()
    part.write_bytes(whole[:100])
    trigger.unlink()

    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))

    assert part.read_bytes() == whole


async def test_two_who_commit_the_same_bundle_never_both_succeed(
    channel: PrintHouse, server: OpenSshStandIn, tmp_path: Path
) -> None:
    async with opened(server.settings, tmp_path / "other") as other:
        await other.send_bundle(bundle_of(PIECES), iter(PIECES))
        # As if the other had been faster between our question and our trigger.
        trigger = server.house.folder / "run-7-1.done"
        hidden = trigger.rename(trigger.with_name("hidden"))

        def late_pieces() -> Iterator[Dispatch]:
            hidden.rename(trigger)
            yield from PIECES

        with pytest.raises(OutcomeUnknownError):
            await channel.send_bundle(bundle_of(PIECES), late_pieces())

    assert await channel.ask_bundle("run-7-1") is not None
    assert [arrival.dispatch_key for arrival in await server.arrived()] == ["dispatch-1", "dispatch-2"]


async def test_acknowledgements_are_read_and_never_replaced(channel: PrintHouse, server: OpenSshStandIn) -> None:
    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))
    server.house.conduct.ack_twice = True
    await server.arrived()

    for _ in range(2):
        (inbound,) = [inbound async for inbound in channel.reports()]
        assert {event.type for event in inbound.item} == {DeliveryEventType.ACCEPTED}
        await inbound.ack()
        server.house.acknowledge_again()

    assert len(list((server.house.acks / "done").iterdir())) == 2


async def test_without_a_time_it_was_when_the_file_was_written(channel: PrintHouse, server: OpenSshStandIn) -> None:
    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))
    server.house.acks.mkdir(exist_ok=True)
    path = server.house.acks / "run-7-1.ack.jsonl"
    path.write_bytes(b'{"bundle": "run-7-1", "status": "accepted"}')
    an_hour_ago = int(datetime.now(UTC).timestamp()) - 3600
    os.utime(path, (an_hour_ago, an_hour_ago))

    (inbound,) = [inbound async for inbound in channel.reports()]

    assert {event.occurred_at for event in inbound.item} == {datetime.fromtimestamp(an_hour_ago, UTC)}


async def test_a_connection_that_broke_is_made_anew(channel: PrintHouse, server: OpenSshStandIn) -> None:
    await channel.check()
    end_sessions(server.process)

    for _ in range(2):
        try:
            await channel.check()
        except ConnectorError:
            continue
        return
    pytest.fail("the second try should have found a new connection")


@pytest.mark.parametrize(
    "destination,told",
    [
        ({"host_key": ANOTHER_KEY.export_public_key().decode()}, "host_key"),
        ({"private_key": ANOTHER_KEY.export_private_key().decode()}, "private_key"),
        ({"private_key": "no key at all"}, "OpenSSH key"),
        ({"host_key": "ssh-ed25519 nonsense"}, "OpenSSH key"),
        ({"folder": "/there/is/no/such/folder"}, "no folder"),
        ({"user": "nobody-of-that-name"}, "refuses"),
    ],
    ids=["another host key", "another user key", "broken key", "broken host key", "folder", "user"],
)
async def test_what_is_wrong_in_the_settings_is_told(
    server: OpenSshStandIn, tmp_path: Path, destination: dict[str, str], told: str
) -> None:
    async with opened(server.settings, tmp_path, destination) as channel:
        with pytest.raises(MisconfiguredError, match=told):
            await channel.check()
        with pytest.raises(MisconfiguredError, match=told):
            await channel.send_bundle(bundle_of(PIECES), iter(PIECES))

    assert server.house.waiting() == []


async def test_many_parts_arrive_whole(server: OpenSshStandIn, tmp_path: Path) -> None:
    pieces = [replace(piece(1), dispatch_key=f"dispatch-{number}") for number in range(60)]
    async with opened({**server.settings, "pages_per_part": 10}, tmp_path) as channel:
        await channel.send_bundle(bundle_of(pieces), iter(pieces))

    assert len(await server.arrived()) == 60
