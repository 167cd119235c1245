"""drop: files that arrive are claimed, taken in as runs, and put away; none is lost, none is taken in twice.

Each file has a row that is written before it is claimed and ends when it lies in `done` or `failed`. What a killed
worker leaves is taken up from there: the claim bears a name that is used once, and the intake goes by the digest.
"""

import asyncio
import hashlib
import json
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from xconnector.contract.errors import ConnectorError, PermanentError, TransientError
from xconnector.contract.file_drop import Claim, DroppedFile, FileDrop, Outcome
from xconnector.contract.source import ControlTotalsMismatchError
from xconnector.domain.event import BadRecord
from xconnector.execution.limits import NotNowError
from xconnector.pipeline.receive import receive_run, receive_within
from xconnector.pipeline.workplace import Workplace, state_folder
from xconnector.postgres.connect import Connection, DatabaseUnreachableError, in_transaction, transaction
from xconnector.project.model import Feed
from xconnector.project.open_connections import is_outage
from xconnector.store import dropped_files, feed_positions, runs
from xconnector.store.dropped_files import DroppedFileRow, FileState, Settled
from xconnector.store.runs import Run

LOOK_EVERY = timedelta(seconds=10)
MOST_ATTEMPTS = 10
"""Begun so often and never ended, a file is taken for one that kills whoever reads it."""

_SURVIVED = ".survived"
"""Lies beside the copy of a file whose attempt was ended by the outside; emptied with it when the next one begins."""
_WHOLE = ".whole"
"""Lies beside the copy of a file once all of it is copied, with its digest: it is not fetched again while it waits."""

T = TypeVar("T")

_OUTSIDE = (ConnectorError, NotNowError)


async def look_into_drop(place: Workplace, feed: Feed) -> None:
    """Take in what is ready, as `take_drop` does, unless somebody else is at it."""
    await take_drop(place, feed)


async def take_drop(place: Workplace, feed: Feed) -> bool:
    """Take in every file that is ready in a feed's drop, after those that were begun before.

    A file that cannot be taken in does not stop those behind it. Returns False where somebody else is at it.
    Raises at the end what kept the drop from being read.
    """
    async with place.locks.hold(f"feed:{feed.name}") as held:
        if held is None:
            return False
        look = _Look(place, feed)
        try:
            await look.take_everything()
        except DatabaseUnreachableError:
            raise
        except _OUTSIDE as error:
            await look.note(str(error))
            raise
        await look.note(look.trouble)
        return True


class _Look:
    """One look into a drop."""

    def __init__(self, place: Workplace, feed: Feed) -> None:
        assert feed.drop is not None, "only a feed with a drop is looked into"
        self._place = place
        self._feed = feed
        self._name = feed.drop
        self._local = state_folder(place.project.folder) / "drops" / feed.name
        self._has_news = False
        self.trouble: str | None = None

    async def take_everything(self) -> None:
        drop = await self._place.connections.file_drop(self._name)
        wrong: list[Exception] = []
        for row in await self._open_ones():
            await self._apart(self._take_up(drop, row), wrong)
        ready = await self._ask(drop.ready)
        for file in ready.files:
            await self._apart(self._take_new(drop, file), wrong)
        if ready.strange:
            self.trouble = f"{ready.strange} names in the folder cannot be used and are left there: rename them"
        if wrong:
            raise wrong[0]

    async def note(self, trouble: str | None) -> None:
        async with transaction(self._place.pool) as connection:
            await feed_positions.note(
                connection, self._feed.name, trouble=trouble, has_news=self._has_news, now=self._place.now()
            )

    async def _apart(self, taking: Awaitable[None], wrong: list[Exception]) -> None:
        """Take one file; what goes wrong with it keeps nobody behind it waiting."""
        try:
            await taking
        except DatabaseUnreachableError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the files behind it are not held up
            wrong.append(error)

    async def _open_ones(self) -> list[DroppedFileRow]:
        async with transaction(self._place.pool) as connection:
            rows = await dropped_files.open_ones(connection, self._feed.name)
        await asyncio.to_thread(_forget_all_but, self._local, {row.claimant for row in rows})
        return rows

    # ------------------------------------------------------------------ one file

    async def _take_new(self, drop: FileDrop, file: DroppedFile) -> None:
        place, now = self._place, self._place.now()
        claim = Claim(name=file.name, claimant=f"{place.project.name}-{place.new_id().hex[-16:]}")
        async with transaction(place.pool) as connection:
            await dropped_files.claim(
                connection,
                claimant=claim.claimant,
                feed=self._feed.name,
                drop=self._name,
                name=file.name,
                size=file.size,
                now=now,
            )
        if not await self._ask(lambda: drop.claim(claim)):
            await self._close(claim)
            return
        await self._take_claimed(drop, claim, since=now, wrong=file.wrong)

    async def _take_up(self, drop: FileDrop, row: DroppedFileRow) -> None:
        """Go on with a file that was begun before, from wherever it stands."""
        claim = Claim(name=row.name, claimant=row.claimant)
        if row.state != FileState.CLAIMED:
            settled = Settled(state=FileState(row.state), reason=row.reason)
            await self._put_away(drop, claim, settled)
        elif await self._ask(lambda: drop.holds(claim)):
            await self._take_claimed(drop, claim, since=row.claimed_at)
        else:
            await self._close(claim)

    async def _take_claimed(self, drop: FileDrop, claim: Claim, *, since: datetime, wrong: str | None = None) -> None:
        settled = Settled(state=FileState.FAILED, reason=wrong) if wrong else await self._intake(drop, claim, since)
        await self._settle(claim, settled)
        await self._put_away(drop, claim, settled)

    async def _intake(self, drop: FileDrop, claim: Claim, since: datetime) -> Settled:
        """Take the file in and say what became of it; raises where it is to be tried again."""
        attempts = await self._begin(claim)
        if attempts > MOST_ATTEMPTS:
            reason = f"its intake was begun {MOST_ATTEMPTS} times and never ended; the log of the workers tells more"
            return Settled(state=FileState.FAILED, reason=reason)
        try:
            return await self._fetch_and_receive(drop, claim, since)
        except (PermanentError, ControlTotalsMismatchError) as wrong:
            return Settled(state=FileState.FAILED, reason=str(wrong))
        except (DatabaseUnreachableError, asyncio.CancelledError):
            # The database cannot be told now: the next attempt tells it.
            _note_survival(self._local / claim.claimant)
            raise
        except _OUTSIDE:
            async with transaction(self._place.pool) as connection:
                await dropped_files.forgive(connection, claim.claimant)
            raise

    async def _begin(self, claim: Claim) -> int:
        survived = await asyncio.to_thread(_has_survived, self._local / claim.claimant)
        async with transaction(self._place.pool) as connection:
            if survived:
                await dropped_files.forgive(connection, claim.claimant)
            return await dropped_files.begin(connection, claim.claimant)

    async def _fetch_and_receive(self, drop: FileDrop, claim: Claim, since: datetime) -> Settled:
        file = await self._copied(drop, claim)
        sha256 = await asyncio.to_thread(_digest, file)
        run = await self._earlier(sha256)
        if run is not None and run.sealed_at is not None and run.sealed_at >= since:
            # Whoever claimed it before us was killed between the end of the run and its row.
            return await self._taken(run, sha256)
        if run is not None:
            reason = f"the same bytes were taken in as run {run.name}, from {run.file_name}; nothing was made again"
            return Settled(state=FileState.REPEATED, sha256=sha256, run_id=run.run_id, reason=reason)
        run = await receive_run(self._place, self._feed, file)
        self._has_news = True
        return await self._taken(run, sha256)

    async def _taken(self, run: Run, sha256: str) -> Settled:
        """Say what became of a file that is a run: one of which nothing could be read has failed."""
        async with transaction(self._place.pool) as connection:
            reason = await runs.unreadable(connection, run.run_id)
        if reason is None:
            return Settled(state=FileState.TAKEN, sha256=sha256, run_id=run.run_id)
        told = f"nothing in it can be read, see run {run.name}: {reason}"
        return Settled(state=FileState.FAILED, sha256=sha256, run_id=run.run_id, reason=told)

    async def _copied(self, drop: FileDrop, claim: Claim) -> Path:
        """Return the file as it lies here; where an earlier attempt copied it as a whole, that copy."""
        folder = self._local / claim.claimant
        kept = await asyncio.to_thread(_whole_copy, folder, claim.name)
        if kept is not None:
            return kept
        await asyncio.to_thread(_make_empty, folder)
        file = await self._ask(lambda: drop.fetch(claim, folder), for_long=True)
        await asyncio.to_thread(_note_whole, file)
        return file

    async def _earlier(self, sha256: str) -> Run | None:
        async with transaction(self._place.pool) as connection:
            return await runs.sealed_of(connection, feed=self._feed.name, file_sha256=sha256)

    # ------------------------------------------------------------------ its end

    async def _settle(self, claim: Claim, settled: Settled) -> None:
        """Record what became of the file, before it is moved; what failed is a failure for people to see."""

        async def write(connection: Connection) -> None:
            is_new = await dropped_files.settle(connection, claim.claimant, settled)
            # Where it became a run, its records stand among the failures already.
            if is_new and settled.state is FileState.FAILED and settled.run_id is None:
                await receive_within(self._place, connection, [self._failed(claim, settled)], feed=self._feed)

        await in_transaction(self._place.pool, write)

    def _failed(self, claim: Claim, settled: Settled) -> BadRecord:
        """Stand for the whole file, whose bytes lie in `failed`."""
        told = {"file": claim.name, "drop": self._name, "claimant": claim.claimant}
        # Without the name, so that files with one cause are one group.
        reason = (settled.reason or "").removeprefix(f"{claim.name}: ").replace(claim.name, "the file")
        return BadRecord(
            source=self._feed.name,
            source_key=None,
            payload=json.dumps(told).encode(),
            reason=f"the file '{claim.name}' could not be taken in and lies in failed of '{self._name}': {reason}",
        )

    async def _put_away(self, drop: FileDrop, claim: Claim, settled: Settled) -> None:
        outcome = Outcome.FAILED if settled.state is FileState.FAILED else Outcome.DONE
        await self._ask(lambda: drop.put_away(claim, outcome, note=settled.reason or ""))
        await self._close(claim)

    async def _close(self, claim: Claim) -> None:
        async with transaction(self._place.pool) as connection:
            await dropped_files.put_away(connection, claim.claimant, self._place.now())
        await asyncio.to_thread(shutil.rmtree, self._local / claim.claimant, ignore_errors=True)

    async def _ask(self, call: Callable[[], Awaitable[T]], *, for_long: bool = False) -> T:
        """Make a call within the limits of the connection."""
        try:
            limited = self._place.connections.limited(self._name, for_long=for_long)
            return await limited.call(call, is_outage=is_outage)
        except TimeoutError:
            raise TransientError(f"{self._name} did not answer in time") from None


def _make_empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)


def _whole_copy(folder: Path, name: str) -> Path | None:
    """Return the copy of a file that was made as a whole and is as it was, or None."""
    file, marker = folder / name, folder / _WHOLE
    (folder / _SURVIVED).unlink(missing_ok=True)
    if not marker.is_file() or not file.is_file() or marker.read_text() != _digest(file):
        return None
    return file


def _note_whole(file: Path) -> None:
    if file.name != _WHOLE:
        (file.parent / _WHOLE).write_text(_digest(file))


def _note_survival(folder: Path) -> None:
    """Leave word that whoever read a file lived on; where that fails, the attempt stays counted."""
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / _SURVIVED).touch(mode=0o600)


def _has_survived(folder: Path) -> bool:
    return (folder / _SURVIVED).is_file()


def _forget_all_but(folder: Path, claimants: set[str]) -> None:
    """Remove the copies of files whose claims have ended."""
    for left in folder.iterdir() if folder.is_dir() else ():
        if left.name not in claimants:
            shutil.rmtree(left, ignore_errors=True)


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
