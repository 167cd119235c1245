"""Shifts: a worker's turn at a listener, and what all of them say, for people to see."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

import psycopg

from xconnector.postgres.connect import Connection, Pool
from xconnector.postgres.queries import Queries

logger = logging.getLogger(__name__)

_QUERIES = Queries.load("xconnector.execution", "shift.sql")

TOLD_EVERY = timedelta(seconds=5)
SILENCE = timedelta(seconds=90)
"""After which a worker that says nothing of its shift is taken for gone."""


class ShiftState(StrEnum):
    """How a listener is getting on."""

    LISTENING = "listening"
    RESTING = "resting"
    """It takes nothing in because too much work waits already."""
    FAILING = "failing"
    """What it listens to is gone or refuses us; it tries again."""


class Shift:
    """One worker's turn at one listener. It says when to end, and passes on what is to be told."""

    def __init__(self, name: str, *, pool: Pool, ending: asyncio.Event) -> None:
        self._name = name
        self._pool = pool
        self._ending = ending
        self._worker = f"{socket.gethostname()}:{os.getpid()}"
        self._last: tuple[ShiftState, str] | None = None
        self._told_at = 0.0
        self._taken = 0

    @property
    def is_over(self) -> bool:
        """Whether to finish what was begun and return."""
        return self._ending.is_set()

    @property
    def has_listened(self) -> bool:
        """Whether all was well when something was told last."""
        return self._last is not None and self._last[0] is not ShiftState.FAILING

    async def pause(self, period: timedelta) -> None:
        """Wait for a time, but not beyond the shift's end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), period.total_seconds())

    async def tell(self, state: ShiftState, told: str = "", *, taken: int = 0) -> None:
        """Say how it goes, as often as you like: what is new is passed on at once, the rest now and then.

        `told` stands where people read it: neither content nor secrets. Never raises for a database that is gone.
        """
        self._taken += taken
        if (state, told) == self._last and time.monotonic() - self._told_at < TOLD_EVERY.total_seconds():
            return
        self._last, self._told_at = (state, told), time.monotonic()
        said = {"name": self._name, "worker": self._worker, "state": state, "told": told, "taken": self._taken}
        await self._pass_on(_QUERIES.tell, said)

    async def end(self) -> None:
        """Nothing is told of it any more."""
        gone = {"name": self._name, "worker": self._worker, "silence": SILENCE.total_seconds()}
        await self._pass_on(_QUERIES.forget, gone)

    async def _pass_on(self, query: bytes, values: Mapping[str, object]) -> None:
        try:
            async with self._pool.connection(timeout=TOLD_EVERY.total_seconds()) as connection:
                await connection.execute(query, values)
        except psycopg.OperationalError as error:
            logger.warning("of listener '%s' nothing can be told: %s", self._name, type(error).__name__)


ListenFunction: TypeAlias = Callable[[Shift], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldShift:
    """What a worker says of a listener."""

    name: str
    worker: str
    """Host and process."""
    state: ShiftState
    told: str
    """Why it rests or fails."""
    taken: int
    """Messages since the worker began."""
    since: datetime
    """When it came into this state."""


async def told_shifts(connection: Connection) -> list[ToldShift]:
    """Return the shifts of all workers, by listener."""
    rows = await (await connection.execute(_QUERIES.shifts, {"silence": SILENCE.total_seconds()})).fetchall()
    return [
        ToldShift(name=name, worker=worker, state=ShiftState(state), told=told, taken=taken, since=since)
        for name, worker, state, told, taken, since in rows
    ]
