"""File drops that are folders somewhere: what they all do alike, around the one thing in which they differ."""

import fnmatch
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Annotated, Protocol, Self

from pydantic import Field, field_validator

from xconnector.contract.file_drop import Claim, DroppedFile, Outcome, Ready
from xconnector.contract.settings import ConnectorSettings, Duration

CLAIMED = "claimed"
SIDECAR = ".control.json"
_NOTES = {Outcome.DONE: ".repeat.txt", Outcome.FAILED: ".reason.txt"}
_PROBE = ".xconnector-check"
_LONGEST_NAME = 200
"""Bytes; most file systems end at 255, and endings of ours are put behind."""


class DropSettings(ConnectorSettings):
    """Which files of a folder are taken, and when they are whole."""

    names: Annotated[tuple[str, ...], Field(min_length=1)] = ("*",)
    """Patterns of the names that are taken, such as `statements-*.csv`; everything else is left lying."""
    ignore: tuple[str, ...] = ("*.part", "*.tmp", "*.filepart", ".*")
    """Patterns of names that are never taken, for makers who write under such a name and rename."""
    stable_for: Annotated[Duration, Field(ge=timedelta(0))] = timedelta(seconds=10)
    """How long size and time of a file must have stayed as they are before it counts as whole, such as 10s. With
    `trigger` it is not asked."""
    trigger: Annotated[str, Field(max_length=50)] = ""
    """The ending of a file that its maker lays down beside a whole one, such as `.done` for `statements.csv.done`. A
    file without one waits."""
    largest: Annotated[int, Field(ge=1)] = 4_294_967_296
    """Most bytes of a file; a larger one fails without being read."""

    @field_validator("trigger")
    @classmethod
    def _is_ending(cls, trigger: str) -> str:
        if trigger and (not trigger.startswith(".") or "/" in trigger):
            raise ValueError("write an ending such as .done")
        return trigger

    def takes(self, name: str) -> bool:
        """Say whether a file of this name may be one of ours: what only travels with another is none."""
        if name.endswith(SIDECAR) or (self.trigger and name.endswith(self.trigger)):
            return False
        return _fits(name, self.names) and not _fits(name, self.ignore)

    def companions(self, name: str) -> tuple[str, ...]:
        """Return the names of what may travel with a file."""
        return tuple(dict.fromkeys((f"{name}{SIDECAR}", *([f"{name}{self.trigger}"] if self.trigger else []))))


class Kind(StrEnum):
    """What a name stands for."""

    FILE = "file"
    FOLDER = "folder"
    OTHER = "other"
    """A link, a pipe, a device: never opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name in a folder."""

    name: str
    kind: Kind
    size: int
    written_at: float
    """Seconds since 1970, on the clock of the place."""


class Moved(StrEnum):
    """How a move ended."""

    MOVED = "moved"
    GONE = "gone"
    """There was nothing of the old name."""
    TAKEN = "taken"
    """There is something of the new name: nothing was done."""


class Folder(Protocol):
    """A folder somewhere. Names are relative to it, with `/` between folders.

    Every call raises TransientError when the folder cannot be reached, MisconfiguredError when it refuses us.
    """

    async def entries(self, folder: str = "") -> Sequence[Entry]:
        """Return what lies in it or in a folder below, unordered; nothing where that folder is missing."""
        ...

    async def move(self, name: str, target: str) -> Moved:
        """Move in one step, making the target's folder; never in place of something else, never along a link."""
        ...

    async def fetch(self, name: str, into: Path, *, at_most: int) -> None:
        """Copy an ordinary file's bytes into a new file.

        Raises PermanentError where it is larger, no ordinary file, or cannot be read.
        """
        ...

    async def write(self, name: str, content: bytes) -> None:
        """Lay a small file down, whole or not at all, making its folder, in place of what has this name."""
        ...

    async def remove(self, name: str) -> None:
        """Remove a file or an empty folder; nothing where there is none, or where the folder is not empty."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class DropOfFolder:
    """A folder as a file drop: `claimed`, `done` and `failed` lie in it."""

    def __init__(self, folder: Folder, settings: DropSettings, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is reached before it is asked for.

        Args:
            folder: where files arrive.
            settings: which are taken, and when.
            clock: seconds, by which it is told how long a file stayed as it is.
        """
        self._folder = folder
        self._settings = settings
        self._clock = clock
        self._seen: dict[str, tuple[tuple[int, float], float]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._folder.close()

    async def check(self) -> None:
        """List it, and prove that files can be written, moved and removed, without leaving one."""
        await self._folder.entries()
        await self._folder.remove(f"{CLAIMED}/{_PROBE}")
        await self._folder.write(_PROBE, b"")
        await self._folder.move(_PROBE, f"{CLAIMED}/{_PROBE}")
        await self._folder.remove(f"{CLAIMED}/{_PROBE}")

    async def ready(self) -> Ready:
        entries = await self._folder.entries()
        there = {entry.name: entry for entry in entries}
        spoken = [entry for entry in entries if entry.kind is not Kind.FOLDER and _is_spoken(entry.name)]
        ours = [entry for entry in spoken if self._settings.takes(entry.name)]
        ours.sort(key=lambda entry: (entry.written_at, entry.name))
        whole = [entry for entry in ours if self._is_whole(entry, there)]
        self._seen = {name: seen for name, seen in self._seen.items() if name in there}
        strange = sum(1 for entry in entries if entry.kind is not Kind.FOLDER and not _is_spoken(entry.name))
        return Ready(files=[self._dropped(entry) for entry in whole], strange=strange)

    async def claim(self, claim: Claim) -> bool:
        moved = await self._folder.move(claim.name, _place_of(claim, claim.name))
        if moved is not Moved.MOVED:
            await self._folder.remove(f"{CLAIMED}/{claim.claimant}")
            return False
        await self._gather_companions(claim)
        return True

    async def holds(self, claim: Claim) -> bool:
        if claim.name not in await self._claimed(claim):
            return False
        await self._gather_companions(claim)
        return True

    async def fetch(self, claim: Claim, into: Path) -> Path:
        for name in sorted(await self._claimed(claim)):
            # Companions hold a few totals; they have no size of their own in the settings.
            await self._folder.fetch(_place_of(claim, name), into / name, at_most=self._settings.largest)
        return into / claim.name

    async def put_away(self, claim: Claim, outcome: Outcome, *, note: str = "") -> None:
        lying = await self._claimed(claim)
        if claim.name in lying:
            # The file itself goes last: as long as it lies there, the rest is done again.
            names = [*sorted(name for name in lying if name != claim.name), claim.name]
            number = await self._free_number(names, outcome)
            if note:
                target = f"{outcome}/{numbered(claim.name, number)}{_NOTES[outcome]}"
                await self._folder.write(target, f"{note}\n".encode())
            for name in names:
                await self._folder.move(_place_of(claim, name), f"{outcome}/{numbered(name, number)}")
        await self._folder.remove(f"{CLAIMED}/{claim.claimant}")

    def _is_whole(self, entry: Entry, there: Mapping[str, Entry]) -> bool:
        if self._settings.trigger:
            return f"{entry.name}{self._settings.trigger}" in there
        state, now = (entry.size, entry.written_at), self._clock()
        seen, since = self._seen.get(entry.name, (None, now))
        if seen != state:
            since = now
        self._seen[entry.name] = (state, since)
        return now - since >= self._settings.stable_for.total_seconds()

    def _dropped(self, entry: Entry) -> DroppedFile:
        wrong: str | None = None
        if entry.kind is not Kind.FILE:
            wrong = "it is no ordinary file but a link, a pipe or a device; lay the file itself down"
        elif entry.size > self._settings.largest:
            wrong = f"it has {entry.size} bytes, `largest` of the drop is {self._settings.largest}"
        return DroppedFile(name=entry.name, size=entry.size, wrong=wrong)

    async def _gather_companions(self, claim: Claim) -> None:
        for name in self._settings.companions(claim.name):
            await self._folder.move(name, _place_of(claim, name))

    async def _claimed(self, claim: Claim) -> set[str]:
        return {entry.name for entry in await self._folder.entries(f"{CLAIMED}/{claim.claimant}")}

    async def _free_number(self, names: Iterable[str], outcome: Outcome) -> int:
        taken = {entry.name for entry in await self._folder.entries(outcome.value)}
        number = 1
        while any(numbered(name, number) in taken for name in names):
            number += 1
        return number


def numbered(name: str, number: int) -> str:
    """Return the name to try next when the first ones are taken."""
    return name if number == 1 else f"{name}.{number}"


def _place_of(claim: Claim, name: str) -> str:
    return f"{CLAIMED}/{claim.claimant}/{name}"


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _is_spoken(name: str) -> bool:
    """Say whether a name can be shown, kept and used as a part of a path."""
    if not name.isprintable() or "/" in name or name in {".", ".."}:
        return False
    try:
        return len(name.encode()) <= _LONGEST_NAME
    except UnicodeEncodeError:
        return False
