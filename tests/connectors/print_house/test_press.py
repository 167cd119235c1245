"""The press as a process of its own: what breaks it is taken out, and what it took of memory goes with it."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from tests.connectors.print_house import letters
from tests.connectors.print_house.letters import bundle_of, layout, piece
from xconnector.connectors.print_house.press import press
from xconnector.connectors.print_house.spool import Spool, sweep
from xconnector.connectors.print_house.ticket import Printed
from xconnector.contract.channel import Dispatch
from xconnector.contract.errors import PermanentError, TransientError


async def pressed(pieces: list[Dispatch], folder: Path, patience: timedelta = timedelta(minutes=1)) -> Printed:
    with Spool(folder, "run-7-1") as spool:
        return await press(spool.fill(bundle_of(pieces), pieces, layout()), spool, patience=patience)


async def worker_at(progress: str, folder: Path) -> psutil.Process:
    """Wait until the press works on the piece at this position, and return its process.

    Other tests may have left children of this process: the press is the one that was told this folder.
    """
    place = folder / "run-7-1"
    told = place / "progress"
    while True:
        for worker in psutil.Process().children():
            if str(place) in worker.cmdline() and told.exists() and told.read_text().strip() == progress:
                return worker
        await asyncio.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize("unfit", [letters.that_eats_memory, letters.that_takes_forever])
async def test_a_letter_that_breaks_the_press_is_left_out(tmp_path: Path, unfit: Callable[[], bytes]) -> None:
    pieces = [piece(1), piece(2, unfit()), piece(3)]

    made = await pressed(pieces, tmp_path, patience=timedelta(seconds=4))

    assert [left.dispatch_key for left in made.left_out] == ["dispatch-2"]
    assert len(made.parts) == 1


@pytest.mark.slow
async def test_a_letter_on_which_the_press_crashes_is_left_out(tmp_path: Path) -> None:
    making = asyncio.create_task(pressed([piece(1), piece(2, letters.that_takes_forever()), piece(3)], tmp_path))
    (await worker_at("1", tmp_path)).send_signal(signal.SIGSEGV)

    made = await making

    assert [(left.dispatch_key, left.reason) for left in made.left_out] == [
        ("dispatch-2", "its PDF crashed the press; compose it again")
    ]
    assert len(made.parts) == 1


async def test_the_event_loop_goes_on_meanwhile(tmp_path: Path) -> None:
    longest = 0.0

    async def look_at_the_clock() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)

    looking = asyncio.create_task(look_at_the_clock())
    await pressed([piece(number) for number in range(50)], tmp_path)
    looking.cancel()

    assert longest < 0.4


async def test_a_press_killed_from_outside_may_be_started_again(tmp_path: Path) -> None:
    making = asyncio.create_task(pressed([piece(1, letters.that_takes_forever())], tmp_path))
    worker = await worker_at("0", tmp_path)
    worker.send_signal(signal.SIGKILL)

    with pytest.raises(TransientError, match="memory"):
        await making


async def test_giving_up_ends_the_press_and_leaves_nothing(tmp_path: Path) -> None:
    making = asyncio.create_task(pressed([piece(1, letters.that_takes_forever())], tmp_path))
    worker = await worker_at("0", tmp_path)
    making.cancel()

    with pytest.raises(asyncio.CancelledError):
        await making
    assert not worker.is_running()
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_with_too_few_pieces_is_refused(tmp_path: Path) -> None:
    with Spool(tmp_path, "run-7-1") as spool, pytest.raises(PermanentError, match="should hold 2 pieces; 1 were given"):
        spool.fill(bundle_of([piece(1), piece(2)]), [piece(1)], layout())


def test_a_piece_that_comes_twice_is_refused(tmp_path: Path) -> None:
    twice = [piece(1), piece(1)]
    with Spool(tmp_path, "run-7-1") as spool, pytest.raises(PermanentError, match="1 of them different"):
        spool.fill(bundle_of(twice), twice, layout())


@pytest.mark.parametrize("key", ["../run", "a/b", "", ".hidden", "run\n7", "x" * 200])
def test_a_key_that_is_no_file_name_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(PermanentError):
        Spool(tmp_path, key)


def test_two_processes_never_make_the_same_bundle(tmp_path: Path) -> None:
    with Spool(tmp_path, "run-7-1"), pytest.raises(TransientError), Spool(tmp_path, "run-7-1"):
        pass


def test_letters_on_disk_are_for_our_eyes_and_gone_afterwards(tmp_path: Path) -> None:
    with Spool(tmp_path / "spools", "run-7-1") as spool:
        spool.fill(bundle_of([piece(1)]), [piece(1)], layout())
        assert spool.folder.stat().st_mode & 0o077 == 0

    assert list((tmp_path / "spools").iterdir()) == []


def test_what_a_dead_process_left_is_swept_and_what_a_live_one_makes_is_not(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        Spool(tmp_path, "dead").__enter__()
        os._exit(0)
    os.waitpid(child, 0)
    with Spool(tmp_path, "alive") as alive:
        sweep(tmp_path)

        assert [path for path in tmp_path.iterdir() if path.is_dir()] == [alive.folder]
