"""The print house of the sandbox, as a program of its own."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.print_house.letters import bundle_of, piece
from tests.connectors.print_house.stand_in import read_lines
from xconnector.connectors.print_house.channel import PrintHouse
from xconnector.connectors.print_house.settings import PrintHouseSettings
from xconnector.contract.channel import Dispatch
from xconnector.contract.errors import MisconfiguredError, OutcomeUnknownError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType, is_undeliverable

pytestmark = pytest.mark.slow

PIECES = [piece(1), piece(2, country="FR"), piece(3)]


class Program:
    """The program, and what stands in its folder."""

    def __init__(self, process: asyncio.subprocess.Process, ready: Mapping[str, Any], folder: Path) -> None:
        self.process = process
        self.ready = ready
        self.folder = folder

    def printed(self) -> list[str]:
        return [line["dispatch_key"] for line in read_lines(self.folder / "arrivals.jsonl") if "dispatch_key" in line]

    def repeated(self) -> list[str]:
        return [line["bundle"] for line in read_lines(self.folder / "arrivals.jsonl") if line.get("duplicate")]

    async def told(self, **control: object) -> None:
        """Change its behaviour and wait until it has looked."""
        (self.folder / "control.json").write_text(json.dumps(control))
        await asyncio.sleep(0.4)

    async def worked_off(self, bundle_key: str = "run-7-1") -> None:
        await appeared(self.folder / "processed" / f"{bundle_key}.done")

    async def acknowledged(self, bundle_key: str = "run-7-1") -> None:
        await appeared(self.folder / "acks" / f"{bundle_key}.ack.jsonl")


async def appeared(path: Path) -> None:
    for _ in range(200):
        if path.exists():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError(f"{path.name} never appeared")


@asynccontextmanager
async def started(folder: Path, *arguments: str) -> AsyncGenerator[Program]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "xconnector.sandbox.print_house",
        "--folder",
        str(folder),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        yield Program(process, json.loads(await process.stdout.readline()), folder)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@asynccontextmanager
async def connected(program: Program, state: Path) -> AsyncGenerator[PrintHouse]:
    destination = {
        "kind": "sftp",
        "host": "127.0.0.1",
        "port": program.ready["port"],
        "user": "sandbox",
        "password": "sandbox",
        "host_key": program.ready["host_key"],
    }
    settings = PrintHouseSettings.model_validate({"destination": destination, "acknowledgement": {"folder": "acks"}})
    async with PrintHouse(settings, Surroundings(project_folder=state, state_folder=state / "state")) as channel:
        yield channel


async def send(channel: PrintHouse, pieces: Sequence[Dispatch] = PIECES, key: str = "run-7-1") -> None:
    await channel.send_bundle(bundle_of(pieces, key), iter(pieces))


async def events(channel: PrintHouse) -> list[DeliveryEvent]:
    told: list[DeliveryEvent] = []
    async for inbound in channel.reports():
        told += inbound.item
        await inbound.ack()
    return told


async def test_it_takes_a_bundle_over_sftp_prints_and_acknowledges_it(tmp_path: Path) -> None:
    async with started(tmp_path / "house") as program, connected(program, tmp_path) as channel:
        await channel.check()
        await send(channel)
        await program.acknowledged()

        assert program.printed() == ["dispatch-1", "dispatch-2", "dispatch-3"]
        assert {event.type for event in await events(channel)} == {DeliveryEventType.ACCEPTED}
        assert await events(channel) == []


async def test_a_lost_answer_is_settled_by_asking_and_printed_once(tmp_path: Path) -> None:
    async with started(tmp_path / "house") as program, connected(program, tmp_path) as channel:
        await program.told(lose_answers=True)
        with pytest.raises(OutcomeUnknownError):
            await send(channel)
        await program.told()
        await program.worked_off()

        assert await channel.ask_bundle("run-7-1") is not None
        await send(channel)
        assert program.printed() == ["dispatch-1", "dispatch-2", "dispatch-3"]
        assert program.repeated() == []


async def test_while_it_is_down_nothing_is_taken_and_later_everything(tmp_path: Path) -> None:
    async with started(tmp_path / "house") as program, connected(program, tmp_path) as channel:
        await program.told(down=True)
        with pytest.raises(TransientError):
            await send(channel)
        await program.told(down=False)

        await send(channel)
        await program.worked_off()
        assert len(program.printed()) == 3


async def test_it_can_refuse_whoever_comes(tmp_path: Path) -> None:
    async with started(tmp_path / "house") as program, connected(program, tmp_path) as channel:
        await program.told(reject_credentials=True)

        with pytest.raises(MisconfiguredError):
            await channel.check()


@pytest.mark.parametrize(
    "arguments,control",
    [
        (["--reject-nth", "1"], {}),
        (["--reject-bundle-containing", "FR"], {}),
        ([], {"reject_next": 1}),
    ],
    ids=["first", "country", "told"],
)
async def test_it_rejects_bundles_by_rule(tmp_path: Path, arguments: list[str], control: dict[str, int]) -> None:
    async with started(tmp_path / "house", *arguments) as program, connected(program, tmp_path) as channel:
        if control:
            await program.told(**control)
        await send(channel)
        await program.acknowledged()
        home = [piece(4)]
        await send(channel, home, "run-7-2")
        await program.acknowledged("run-7-2")

        told = await events(channel)
        assert {event.dispatch_key for event in told if is_undeliverable(event)} == {
            "dispatch-1",
            "dispatch-2",
            "dispatch-3",
        }
        assert program.printed() == ["dispatch-4"]


async def test_it_rejects_single_letters_by_rule(tmp_path: Path) -> None:
    async with started(tmp_path / "house", "--reject-piece-to", "FR", "--report-pieces") as program:
        async with connected(program, tmp_path) as channel:
            await send(channel)
            await program.acknowledged()

            told = await events(channel)
        assert [event.dispatch_key for event in told if is_undeliverable(event)] == ["dispatch-2"]
        assert [event.dispatch_key for event in told if event.type is DeliveryEventType.SENT] == [
            "dispatch-1",
            "dispatch-3",
        ]
        assert program.printed() == ["dispatch-1", "dispatch-3"]


async def test_it_loses_acknowledgements_or_gives_them_twice(tmp_path: Path) -> None:
    async with started(tmp_path / "house") as program, connected(program, tmp_path) as channel:
        await program.told(lose_acks=True)
        await send(channel)
        await program.worked_off()
        assert await events(channel) == []

        await program.told(ack_twice=True)
        await send(channel, [piece(4)], "run-7-2")
        for _ in range(2):
            await program.acknowledged("run-7-2")
            assert [event.dispatch_key for event in await events(channel)] == ["dispatch-4"]


async def test_a_bundle_laid_down_a_second_time_is_not_printed_again(tmp_path: Path) -> None:
    async with started(tmp_path / "house") as program, connected(program, tmp_path) as channel:
        await send(channel)
        await program.worked_off()
        for path in (program.folder / "processed").iterdir():
            if path.suffix != ".done":
                (program.folder / path.name).write_bytes(path.read_bytes())
        (program.folder / "run-7-1.done").write_bytes((program.folder / "processed" / "run-7-1.done").read_bytes())
        while (program.folder / "run-7-1.done").exists():  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.05)

        assert program.repeated() == ["run-7-1"]
        assert len(program.printed()) == 3


@pytest.mark.parametrize("spoilt", ["run-7-1-p001.pdf", "run-7-1.manifest.jsonl"])
async def test_it_rejects_what_does_not_match_its_manifest(tmp_path: Path, spoilt: str) -> None:
    async with started(tmp_path / "house") as program, connected(program, tmp_path) as channel:
        await program.told(down=True)
        await program.told(slow=1)
        await send(channel)
        with (program.folder / spoilt).open("ab") as file:
            file.write(b" ")
        await program.acknowledged()

        assert all(is_undeliverable(event) for event in await events(channel))
        assert program.printed() == []


async def test_killed_between_any_two_steps_it_prints_everything_once(tmp_path: Path) -> None:
    folder = tmp_path / "house"
    async with started(folder) as program, connected(program, tmp_path) as channel:
        await program.told(slow=0.3)
        for number in range(6):
            await send(channel, [piece(10 * number), piece(10 * number + 1)], f"run-7-{number}")
        program.process.kill()
    (folder / "control.json").unlink()
    for delay in (0.05, 0.15, 0.25):
        async with started(folder, "--no-sftp") as program:
            await asyncio.sleep(delay)
            program.process.kill()
    async with started(folder, "--no-sftp") as program:
        for number in range(6):
            await program.worked_off(f"run-7-{number}")

        assert sorted(program.printed()) == sorted(
            f"dispatch-{10 * number + at}" for number in range(6) for at in (0, 1)
        )
        assert program.repeated() == []


async def test_without_sftp_it_watches_the_folder(tmp_path: Path) -> None:
    settings = PrintHouseSettings.model_validate({"destination": {"kind": "folder", "folder": "house"}})
    async with started(tmp_path / "house", "--no-sftp") as program:
        assert "port" not in program.ready
        async with PrintHouse(settings, Surroundings(project_folder=tmp_path, state_folder=tmp_path / "s")) as channel:
            await send(channel)
        await program.worked_off()

        assert len(program.printed()) == 3


async def test_it_ends_when_told(tmp_path: Path) -> None:
    async with started(tmp_path / "house") as program:
        program.process.send_signal(signal.SIGTERM)

        assert await asyncio.wait_for(program.process.wait(), 5) == 0


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    starter = (
        "import subprocess, sys;"
        "p = subprocess.Popen([sys.executable, '-m', 'xconnector.sandbox.print_house', '--with-parent',"
        " '--folder', sys.argv[1]], stdout=subprocess.PIPE);"
        "p.stdout.readline(); print(p.pid)"
    )
    told = subprocess.run([sys.executable, "-c", starter, str(tmp_path)], check=True, capture_output=True, text=True)
    house = int(told.stdout)

    assert has_ended(house)


def has_ended(process: int) -> bool:
    for _ in range(100):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False
