"""Files that arrive in a folder are taken in once each, whatever happens to whoever takes them."""

import asyncio
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from psycopg import OperationalError

from tests.office import Changes, Office
from tests.pipeline.conftest import OpenOffice
from xconnector.connectors.folder_drop.folder import FolderHere
from xconnector.connectors.folder_drop.settings import FolderDropSettings
from xconnector.contract.drop_folder import DropOfFolder, Entry, Moved
from xconnector.contract.errors import TransientError
from xconnector.contract.file_drop import Claim, FileDrop
from xconnector.domain.communication import State
from xconnector.operations.failures import failure_groups
from xconnector.operations.status import status
from xconnector.pipeline.drop import MOST_ATTEMPTS, take_drop
from xconnector.pipeline.receive import receive_run
from xconnector.postgres.connect import reading
from xconnector.store import dropped_files, feed_positions
from xconnector.testing.small_project import row, write_run

pytestmark = pytest.mark.asyncio(loop_scope="session")

WITH_DROP: Changes = {
    "xconnector.yaml": [
        ("  archive: {conn", "  arrivals: {connector: folder_drop, folder: in, stable_for: 0s}\n  archive: {conn"),
        ("notice_runs: {connection: notices,", "notice_runs: {connection: notices, drop: arrivals, every: 1s,"),
    ]
}
SETTINGS = FolderDropSettings.model_validate({"folder": "in", "stable_for": 0})


def _in(opened: Office) -> Path:
    folder = opened.folder / "in"
    folder.mkdir(exist_ok=True)
    return folder


def _lying(opened: Office, where: str = ".") -> list[str]:
    folder = _in(opened) / where
    return sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


async def _look(opened: Office) -> None:
    await take_drop(opened.place, opened.place.project.feeds["notice_runs"])


async def _states(opened: Office) -> list[tuple[str, str]]:
    async with reading(opened.place.pool) as connection:
        rows = await dropped_files.latest(connection, "notice_runs", 100)
    assert all(row.put_away_at is not None for row in rows)
    return sorted((row.name, row.state) for row in rows)


async def test_a_file_that_is_dropped_becomes_communications_and_lies_in_done(office: OpenOffice) -> None:
    async with office(WITH_DROP) as opened:
        write_run(_in(opened) / "monday.csv", [row("1", email="a@x.test"), row("2", email="b@x.test")])
        await _look(opened)
        (run,) = (await status(opened.place.pool)).runs
        account = await opened.work()

        assert (run.file_name, run.records_read) == ("monday.csv", 2)
        assert account.states == {State.COMPLETED: 2}
        assert _lying(opened) == []
        assert _lying(opened, "done") == ["monday.csv", "monday.csv.control.json"]
        assert [*(opened.folder / "in" / "claimed").iterdir()] == []
        assert [*(opened.folder / "var" / "drops" / "notice_runs").iterdir()] == []


async def test_the_same_bytes_under_another_name_are_a_repeat_and_no_second_run(office: OpenOffice) -> None:
    async with office(WITH_DROP) as opened:
        for name in ("monday.csv", "tuesday.csv", "monday.csv"):
            write_run(_in(opened) / name, [row("1")])
            await _look(opened)
        runs = (await status(opened.place.pool)).runs
        note = (_in(opened) / "done" / "tuesday.csv.repeat.txt").read_text()

        assert len(runs) == 1
        assert await _states(opened) == [
            ("monday.csv", "repeated"), ("monday.csv", "taken"), ("tuesday.csv", "repeated")
        ]  # fmt: skip
        assert runs[0].name in note
        assert "monday.csv" in note
        assert "monday.csv.2" in _lying(opened, "done")


async def test_a_file_whose_totals_do_not_match_fails_with_a_reason_beside_it_and_in_the_books(
    office: OpenOffice,
) -> None:
    async with office(WITH_DROP) as opened:
        write_run(_in(opened) / "a.csv", [row("1")], declared=2)
        write_run(_in(opened) / "b.csv", [row("2")], declared=2)
        write_run(_in(opened) / "good.csv", [row("3")])
        await _look(opened)
        (group,) = await failure_groups(opened.place.pool)
        reason = (_in(opened) / "failed" / "a.csv.reason.txt").read_text()

        assert "2 records declared, 1 read" in reason
        assert group.number == 2
        assert "could not be taken in and lies in failed of 'arrivals'" in group.example
        assert await _states(opened) == [("a.csv", "failed"), ("b.csv", "failed"), ("good.csv", "taken")]
        assert _lying(opened, "failed") == [
            "a.csv", "a.csv.control.json", "a.csv.reason.txt", "b.csv", "b.csv.control.json", "b.csv.reason.txt"
        ]  # fmt: skip


async def test_a_file_that_failed_is_taken_in_when_it_is_mended_and_dropped_again(office: OpenOffice) -> None:
    async with office(WITH_DROP) as opened:
        file = write_run(_in(opened) / "a.csv", [row("1")], declared=2)
        await _look(opened)
        write_run(file, [row("1")])
        await _look(opened)

        assert await _states(opened) == [("a.csv", "failed"), ("a.csv", "taken")]


async def test_a_file_of_which_nothing_can_be_read_fails_and_one_of_which_something_can_says_how_much_stands_aside(
    office: OpenOffice,
) -> None:
    async with office(WITH_DROP) as opened:
        write_run(_in(opened) / "bad.csv", [row("").replace("K-", "K-0")])
        write_run(_in(opened) / "good.csv", [row("1"), row("").replace("K-", "K-0")])
        await _look(opened)
        async with reading(opened.place.pool) as connection:
            rows = await dropped_files.latest(connection, "notice_runs", 9)
        (group,) = await failure_groups(opened.place.pool)

        assert sorted((one.name, one.state, one.set_aside) for one in rows) == [
            ("bad.csv", "failed", 0), ("good.csv", "taken", 1)
        ]  # fmt: skip
        assert "nothing in it can be read" in (_in(opened) / "failed" / "bad.csv.reason.txt").read_text()
        assert group.number == 2


async def test_a_file_that_waits_is_not_fetched_again(office: OpenOffice) -> None:
    async with office(WITH_DROP) as opened:
        file = write_run(_in(opened) / "a.csv", [row("1")])
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        async with opened.place.locks.hold(f"intake:{sha256}"):
            with pytest.raises(TransientError, match="another program"):
                await _look(opened)
            (claimed,) = (_in(opened) / "claimed").glob("*/a.csv")
            claimed.write_text("what lies here is not read again")
        await _look(opened)

        assert await _states(opened) == [("a.csv", "taken")]


async def test_links_and_files_that_nobody_may_read_or_that_are_too_large_fail_and_are_never_read(
    office: OpenOffice,
) -> None:
    changes = {"xconnector.yaml": [*WITH_DROP["xconnector.yaml"], ("stable_for: 0s", "stable_for: 0s, largest: 1000")]}
    async with office(changes) as opened:
        secret = opened.folder / "secret.csv"
        secret.write_text("a,b\n1,2\n")
        (_in(opened) / "link.csv").symlink_to(secret)
        os.mkfifo(_in(opened) / "pipe.csv")
        (_in(opened) / "huge.csv").write_bytes(b"x" * 1001)
        (_in(opened) / "line\nend.csv").write_bytes(b"x")
        await _look(opened)
        async with reading(opened.place.pool) as connection:
            position = await feed_positions.find(connection, "notice_runs")

        assert await _states(opened) == [("huge.csv", "failed"), ("link.csv", "failed"), ("pipe.csv", "failed")]
        assert secret.read_text() == "a,b\n1,2\n"
        assert (_in(opened) / "failed" / "link.csv").is_symlink()
        assert _lying(opened) == ["line\nend.csv"]
        assert position is not None
        assert "1 names in the folder cannot be used" in (position.trouble or "")


async def test_a_drop_that_cannot_be_reached_is_the_feeds_trouble_until_it_can(office: OpenOffice) -> None:
    absent = [*WITH_DROP["xconnector.yaml"], ("folder: in", "folder: /nonexistent/share")]
    async with office({"xconnector.yaml": absent}) as opened:
        with pytest.raises(TransientError, match="is the share mounted"):
            await _look(opened)
        async with reading(opened.place.pool) as connection:
            position = await feed_positions.find(connection, "notice_runs")

        assert position is not None
        assert "is the share mounted" in (position.trouble or "")


async def test_of_two_programs_that_look_at_one_folder_one_takes_each_file(office: OpenOffice) -> None:
    async with office(WITH_DROP) as opened:
        write_run(_in(opened) / "a.csv", [row("1")])
        drop = await opened.place.connections.file_drop("arrivals")
        assert await drop.claim(Claim(name="a.csv", claimant="other"))
        assert not await drop.claim(Claim(name="a.csv", claimant="ours"))
        await _look(opened)

        assert await _states(opened) == []
        assert _lying(opened, "claimed/other") == ["a.csv", "a.csv.control.json"]


# ---------------------------------------------------------------- kill -9


class _KilledError(BaseException):
    pass


@dataclass(slots=True)
class _MortalFolder:
    """A folder over which its user is killed at a chosen step that changes something, before or after it."""

    folder: FolderHere
    dies_at: int
    before: bool
    steps: int = 0

    async def entries(self, folder: str = "") -> Sequence[Entry]:
        return await self.folder.entries(folder)

    async def move(self, name: str, target: str) -> Moved:
        self._step(before=True)
        moved = await self.folder.move(name, target)
        self._step(before=False)
        return moved

    async def fetch(self, name: str, into: Path, *, at_most: int) -> None:
        self._step(before=True)
        await self.folder.fetch(name, into, at_most=at_most)
        self._step(before=False)

    async def write(self, name: str, content: bytes) -> None:
        self._step(before=True)
        await self.folder.write(name, content)
        self._step(before=False)

    async def remove(self, name: str) -> None:
        self._step(before=True)
        await self.folder.remove(name)
        self._step(before=False)

    async def close(self) -> None:
        await self.folder.close()

    def _step(self, *, before: bool) -> None:
        self.steps += before
        if self.steps == self.dies_at and before == self.before:
            raise _KilledError


@pytest.mark.parametrize("declared", [1, 2], ids=["taken", "failed"])
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
async def test_whoever_is_killed_at_any_step_loses_no_file_and_takes_none_in_twice(
    office: OpenOffice, before: bool, declared: int
) -> None:
    outcome = "done" if declared == 1 else "failed"
    mortal = _MortalFolder(FolderHere(Path(), may_make=True), dies_at=0, before=before)
    drop: FileDrop = DropOfFolder(mortal, SETTINGS)
    async with office(WITH_DROP, instead={"arrivals": drop}) as opened:
        mortal.folder = FolderHere(_in(opened), may_make=True)
        died, position = True, 0
        while died:
            position += 1
            name = f"{position}.csv"
            write_run(_in(opened) / name, [row(str(position))], declared=declared)
            mortal.steps, mortal.dies_at = 0, position
            try:
                await _look(opened)
            except _KilledError:
                mortal.dies_at = 0
                await _look(opened)
            else:
                died = False
            assert _lying(opened) == [], position
            assert {name, f"{name}.control.json"} <= {*_lying(opened, outcome)}, position
        runs = [run.file_name for run in (await status(opened.place.pool)).runs]
        groups = await failure_groups(opened.place.pool)
        account = await opened.account()

        # Claim it and its sidecar, fetch both, put both away, remove the folder.
        assert position >= 7
        assert [name for name, state in await _states(opened) if state == "repeated"] == []
        if declared == 1:
            assert account.records["taken"] == position
            assert len({*runs}) == len(runs)
        else:
            assert [group.number for group in groups] == [position]
        assert [*(_in(opened) / "claimed").iterdir()] == []


async def test_a_run_that_a_command_left_half_read_is_ended_by_the_drop(office: OpenOffice) -> None:
    def kill(done: int, _total: int) -> None:
        if done:
            raise _KilledError

    async with office(WITH_DROP) as opened:
        file = write_run(opened.folder / "half.csv", [row("1"), row("2")])
        with pytest.raises(_KilledError):
            await receive_run(
                opened.place, opened.place.project.feeds["notice_runs"], file, batch_size=1, progress=kill
            )
        write_run(_in(opened) / "whole.csv", [row("1"), row("2")])
        await _look(opened)
        (run,) = (await status(opened.place.pool)).runs

        assert run.records_read == 2
        assert await _states(opened) == [("whole.csv", "taken")]


@dataclass(slots=True)
class _InterruptedFolder(_MortalFolder):
    """A folder of which every fetch is interrupted while `by` is set."""

    by: BaseException | None = None

    async def fetch(self, name: str, into: Path, *, at_most: int) -> None:
        if self.by is not None:
            raise self.by
        await self.folder.fetch(name, into, at_most=at_most)


@pytest.mark.parametrize("by", [OperationalError("the database is gone"), asyncio.CancelledError()], ids=type)
async def test_no_file_is_blamed_for_an_outage_of_the_database_or_for_the_end_of_a_worker(
    office: OpenOffice, by: BaseException
) -> None:
    folder = _InterruptedFolder(FolderHere(Path(), may_make=True), dies_at=0, before=True)
    async with office(WITH_DROP, instead={"arrivals": DropOfFolder(folder, SETTINGS)}) as opened:
        folder.folder = FolderHere(_in(opened), may_make=True)
        write_run(_in(opened) / "a.csv", [row("1")])
        folder.by = by
        for _ in range(MOST_ATTEMPTS + 1):
            with pytest.raises(type(by)):
                await _look(opened)
        folder.by = None
        await _look(opened)

        assert await _states(opened) == [("a.csv", "taken")]


async def test_a_file_that_kills_whoever_reads_it_fails_in_the_end(office: OpenOffice) -> None:
    folder = _InterruptedFolder(FolderHere(Path(), may_make=True), dies_at=0, before=True, by=_KilledError())
    async with office(WITH_DROP, instead={"arrivals": DropOfFolder(folder, SETTINGS)}) as opened:
        folder.folder = FolderHere(_in(opened), may_make=True)
        write_run(_in(opened) / "a.csv", [row("1")])
        for _ in range(MOST_ATTEMPTS):
            with pytest.raises(_KilledError):
                await _look(opened)
        await _look(opened)

        assert await _states(opened) == [("a.csv", "failed")]
