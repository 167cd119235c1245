"""Back-pressure: whoever sends events is asked to wait before what we have taken waits too long with us."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus

from xconnector.entrypoints.web.limits import WebLimits
from xconnector.entrypoints.web.refusals import Refusal
from xconnector.execution.backlog import too_much_waits
from xconnector.execution.jobs import Priority
from xconnector.postgres.connect import Pool, reading

_LOOK_SECONDS = 1.0
_BACKLOG_SECONDS = 5
_CROWD_SECONDS = 1
_BURST_SECONDS = 1.0
"""How much of its rate a sender may use at once after a silence."""
_MOST_SENDERS = 1000


class Pressure:
    """Lets requests with events in, within the limits of one process; who is turned away was not looked at."""

    def __init__(self, pool: Pool, limits: WebLimits) -> None:
        self._pool = pool
        self._limits = limits
        self._inside = 0
        self._before_proof = asyncio.Semaphore(limits.unproven_at_once)
        self._looked_at = -math.inf
        self._is_too_much = False
        self._room: dict[str, tuple[float, float]] = {}

    @asynccontextmanager
    async def before_proof(self) -> AsyncGenerator[None]:
        """Keep a place for a request of which nobody knows yet who sent it. Raises Refusal (429)."""
        try:
            async with asyncio.timeout(self._limits.patience_for_room.total_seconds()):
                await self._before_proof.acquire()
        except TimeoutError:
            raise _too_many("too many requests are being proven", _CROWD_SECONDS) from None
        try:
            yield
        finally:
            self._before_proof.release()

    @asynccontextmanager
    async def let_in(self) -> AsyncGenerator[None]:
        """Keep a place for a request for the block.

        Raises Refusal (429), DatabaseUnreachableError, and TimeoutError.
        """
        if self._inside >= self._limits.intake_at_once:
            raise _too_many("too many requests are being taken in", _CROWD_SECONDS)
        self._inside += 1
        try:
            if await self._backlogged():
                raise _too_many("too much that was taken still waits to be worked on", _BACKLOG_SECONDS)
            yield
        finally:
            self._inside -= 1

    def count(self, sender: str, *, requests: int = 1) -> None:
        """Count the requests of a sender who is known by now. Raises Refusal (429) where its rate is used up."""
        rate = self._limits.requests_per_second
        if rate is None:
            return
        now = time.monotonic()
        most = max(1.0, rate * _BURST_SECONDS)
        left, since = self._room.get(sender, (most, now))
        left = min(most, left + (now - since) * rate)
        if left < requests:
            raise _too_many("the sender's rate is used up", math.ceil((requests - left) / rate))
        if len(self._room) >= _MOST_SENDERS:
            # Senders are named by keys and connections, of which there are few; whoever is forgotten has its burst.
            self._room.clear()
        self._room[sender] = (left - requests, now)

    async def _backlogged(self) -> bool:
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_SECONDS:
            # Whoever comes meanwhile goes by what was last seen.
            self._looked_at = now
            patience = self._limits.database_patience.total_seconds()
            async with asyncio.timeout(patience), reading(self._pool) as connection:
                most = self._limits.waiting_jobs
                # Half of it has to be gone before more is taken: callers are not let in one by one.
                most = most // 2 if self._is_too_much else most
                self._is_too_much = await too_much_waits(connection, most=most, priority=Priority.ONE_OFF)
        return self._is_too_much


def _too_many(detail: str, seconds: int) -> Refusal:
    return Refusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        f"{detail}; send the request again later, nothing is done twice",
        headers={"Retry-After": str(seconds)},
    )
