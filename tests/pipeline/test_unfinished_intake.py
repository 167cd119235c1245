"""An intake that was cut off, or whose file was changed under it, shows in the account until it is made good."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.office import Changes, Office
from tests.pipeline.conftest import OpenOffice
from xconnector.contract.errors import PermanentError
from xconnector.domain.communication import State
from xconnector.operations.reconciling import RunAccount, reconcile_run
from xconnector.operations.status import status
from xconnector.pipeline.receive import receive_run
from xconnector.store.runs import Run
from xconnector.testing.small_project import row, write_run

pytestmark = pytest.mark.asyncio(loop_scope="session")

WITHOUT_TOTALS: Changes = {"xconnector.yaml": [("control: {kind: sidecar, sums: [amount]}", "control: {kind: none}")]}
ROWS = [row(str(number)) for number in range(10)]


class _KilledError(Exception):
    pass


def _kill(done: int, _total: int) -> None:
    if done >= 4:
        raise _KilledError


async def _take(office: Office, file: Path, progress: Callable[[int, int], None] | None = None) -> Run:
    feed = office.place.project.feeds["notice_runs"]
    return await receive_run(office.place, feed, file, batch_size=2, progress=progress)


async def _only_run(office: Office) -> RunAccount:
    (run,) = (await status(office.place.pool)).runs
    return await reconcile_run(office.place.pool, run.name)


async def test_half_a_file_does_not_close_although_it_declares_nothing(office: OpenOffice) -> None:
    async with office(WITHOUT_TOTALS) as opened:
        file = write_run(opened.folder / "run.csv", ROWS)
        with pytest.raises(_KilledError):
            await _take(opened, file, _kill)
        everything = await opened.account()
        half = await _only_run(opened)
        await _take(opened, file)
        await opened.work()
        whole = await _only_run(opened)

    found = half.account.reconciliation
    assert (found.difference, found.declared, found.expected, found.records_read) == (0, None, 10, 4)
    assert not found.sealed
    assert not half.account.closes
    assert not half.is_finished
    assert not everything.closes
    assert whole.account.closes
    assert whole.is_finished
    assert whole.account.states == {State.COMPLETED: 10}


async def test_a_file_that_is_replaced_in_between_gives_nothing_of_the_other_one(office: OpenOffice) -> None:
    async with office(WITHOUT_TOTALS) as opened:
        file = write_run(opened.folder / "run.csv", ROWS)
        original = file.read_bytes()

        def replace(done: int, _total: int) -> None:
            if done == 4:
                file.write_bytes(original.replace(b"Meyer", b"Maier"))

        with pytest.raises(PermanentError, match=r"run\.csv was changed .* SHA-256 [0-9a-f]{64} back and run"):
            await _take(opened, file, replace)
        half = await _only_run(opened)
        file.write_bytes(original)
        await _take(opened, file)
        whole = await _only_run(opened)

    assert half.run.sealed_at is None
    assert half.account.reconciliation.records_read == 4
    assert not half.account.closes
    assert whole.account.closes
    assert whole.account.records["taken"] == 10


async def test_a_file_that_is_changed_after_its_last_record_leaves_the_run_open(office: OpenOffice) -> None:
    async with office(WITHOUT_TOTALS) as opened:
        file = write_run(opened.folder / "run.csv", ROWS)

        def append(done: int, total: int) -> None:
            if done == total:
                with file.open("a") as more:
                    more.write(row("11") + "\n")

        with pytest.raises(PermanentError, match="was changed"):
            await _take(opened, file, append)
        found = await _only_run(opened)

    assert found.run.sealed_at is None
    assert not found.account.closes


async def test_a_file_that_was_only_touched_is_taken_in(office: OpenOffice) -> None:
    async with office(WITHOUT_TOTALS) as opened:
        file = write_run(opened.folder / "run.csv", ROWS)
        await _take(opened, file, lambda done, _: os.utime(file, ns=(done, done)))
        found = await _only_run(opened)

    assert found.account.closes


async def test_a_file_that_is_read_otherwise_than_before_is_not_mixed_into_its_run(office: OpenOffice) -> None:
    async with office(WITHOUT_TOTALS) as opened:
        file = write_run(opened.folder / "run.csv", ROWS)
        with pytest.raises(_KilledError):
            await _take(opened, file, _kill)
        async with opened.place.pool.connection() as connection:
            await connection.execute("UPDATE run SET expected = 12")
        with pytest.raises(PermanentError, match=r"12 records were counted when run .* began, 10 now"):
            await _take(opened, file)
