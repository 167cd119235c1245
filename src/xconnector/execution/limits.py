"""The limits of one connection: how many calls at a time and per second, how long each, and none while it is down.

They hold over all workers of all hosts, because what they count stands in the database. A call that may not be made
now is not parked: the caller is told when to come again, and begins a wait.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import psycopg

from xconnector.execution.failing import describe
from xconnector.postgres.locks import Session, SessionLocks
from xconnector.postgres.queries import Queries

logger = logging.getLogger(__name__)

_QUERIES = Queries.load("xconnector.execution", "limits.sql")

T = TypeVar("T")

# A state of the circuit that is as old as this is asked for again.
_FRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a project says under `limits:` of a connection."""

    timeout: timedelta = timedelta(seconds=30)
    """Of one call; the outcome of a call that was cut off is not known."""
    parallel: int | None = None
    """Calls at a time, over all workers of all hosts."""
    rate: float | None = None
    """Calls per second in the long run, over all workers."""
    burst: int = 1
    """Calls at once after a silence, where there is a `rate`."""
    patience: timedelta = timedelta(seconds=5)
    """How long a call may wait for its turn here, before the caller is told to come again."""
    opens_after: int = 10
    """Outages in a row after which no call is made for `stays_open`; then one is, to see."""
    stays_open: timedelta = timedelta(seconds=30)


class NotNowError(Exception):
    """No call was made; it may be at `retry_at`."""

    is_free_of_content = True

    def __init__(self, message: str, *, retry_at: datetime) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class CircuitOpenError(NotNowError):
    """The outside system was down so often in a row that it is left alone for a while."""


class LimitedConnection:
    """One connection of the project, under its limits."""

    def __init__(
        self, name: str, limits: Limits, *, session: Session, locks: SessionLocks, lane: str = "calls"
    ) -> None:
        """Calls of one lane count against `parallel` together; rate and circuit are the connection's."""
        self._name = name
        self._limits = limits
        self._session = session
        self._locks = locks
        self._slots = [f"slot:{name}:{lane}:{number}" for number in range(limits.parallel or 0)]
        self._healthy_until = 0.0

    async def call(
        self, call: Callable[[], Awaitable[T]], *, is_outage: Callable[[Exception], bool], counts_as: int = 1
    ) -> T:
        """Make the call as soon as the limits allow.

        Args:
            call: what to do; started once at most.
            is_outage: which of its exceptions mean that the outside system is down; a time-out always does.
            counts_as: for a call that carries many: against the rate, and as many times the time-out.

        Raises:
            NotNowError: nothing was called.
            TimeoutError: the call was cut off, its outcome is not known.
        """
        await self._pass_circuit()
        async with self._slot():
            await self._take_turn(counts_as)
            try:
                async with asyncio.timeout(self._limits.timeout.total_seconds() * counts_as):
                    result = await call()
            except Exception as error:
                is_down = isinstance(error, TimeoutError) or is_outage(error)
                await self._note(self._count_outage() if is_down else self._close())
                raise
            await self._note(self._close())
            return result

    # ------------------------------------------------------------------ is it up?

    async def _pass_circuit(self) -> None:
        if time.monotonic() < self._healthy_until:
            return
        # At the end of an outage one caller of all workers gets through: for the others it stays open.
        parameters = {"connection": self._name, "stays_open": self._limits.stays_open}
        rows = await self._session.fetch(_QUERIES.pass_circuit, parameters)
        if rows:
            raise CircuitOpenError(f"{self._name} is down and is left alone for a while.", retry_at=rows[0][0])

    async def _note(self, noting: Awaitable[None]) -> None:
        """Note what a call told of the circuit; a database that is gone takes nothing of the call's own outcome."""
        try:
            await noting
        except psycopg.Error as error:
            logger.warning("whether %s is up could not be noted: %s", self._name, describe(error))

    async def _count_outage(self) -> None:
        self._healthy_until = 0.0
        parameters = {
            "connection": self._name,
            "opens_after": self._limits.opens_after,
            "stays_open": self._limits.stays_open,
        }
        await self._session.fetch(_QUERIES.count_outage, parameters)

    async def _close(self) -> None:
        if time.monotonic() < self._healthy_until:
            return
        await self._session.fetch(_QUERIES.close_circuit, {"connection": self._name})
        self._healthy_until = time.monotonic() + _FRESH_SECONDS

    # ------------------------------------------------------------------ how many at a time, how many per second

    @asynccontextmanager
    async def _slot(self) -> AsyncGenerator[None]:
        if not self._slots:
            yield
            return
        deadline = time.monotonic() + self._limits.patience.total_seconds()
        while True:
            # Each begins elsewhere, so that few collide.
            async with self._locks.hold(*random.sample(self._slots, len(self._slots))) as slot:
                if slot is not None:
                    yield
                    return
            if time.monotonic() > deadline:
                raise NotNowError(f"{self._name} is busy with {len(self._slots)} calls.", retry_at=datetime.now(UTC))
            await asyncio.sleep(random.uniform(0.01, 0.05))  # noqa: S311 - so that waiting callers do not keep step

    async def _take_turn(self, calls: int) -> None:
        rate = self._limits.rate
        if rate is None:
            return
        parameters = {
            "connection": self._name,
            "calls": calls,
            "rate": rate,
            "burst": self._limits.burst,
            "patience": self._limits.patience.total_seconds(),
        }
        rows = await self._session.fetch(_QUERIES.take_turn, parameters)
        wait, taken = float(rows[0][0]), bool(rows[0][1])
        if not taken:
            retry_at = datetime.now(UTC) + timedelta(seconds=wait)
            raise NotNowError(f"{self._name} has had its {rate:g} calls per second.", retry_at=retry_at)
        await asyncio.sleep(wait)
