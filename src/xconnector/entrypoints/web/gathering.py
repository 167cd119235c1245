"""Group commit: what arrives while a batch is being taken in gathers into the next one.

A lone event is taken in at once. Under load, batches become as large as what arrives during one transaction, or in some
milliseconds where that ends sooner: each batch costs as much as many events.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar

from xconnector.postgres.connect import DatabaseUnreachableError

Item = TypeVar("Item")
Result = TypeVar("Result")

LARGEST_BATCH = 500
LONGEST_WAIT = timedelta(milliseconds=100)
SHORTEST_PAUSE = timedelta(milliseconds=5)
MOST_AT_ONCE = 4


@dataclass(slots=True, kw_only=True, eq=False)
class _Waiting(Generic[Item, Result]):
    item: Item
    since: float
    answer: asyncio.Future[Result] = field(repr=False)


class Gathering(Generic[Item, Result]):
    """Takes items in, in batches; each item has an answer of its own.

    A batch that fails is taken item by item, so that what is wrong with one is no harm to strangers;
    but when the database is gone, it is gone for all.
    """

    def __init__(
        self,
        take: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        largest: int = LARGEST_BATCH,
        longest_wait: timedelta = LONGEST_WAIT,
        shortest_pause: timedelta = SHORTEST_PAUSE,
        most_at_once: int = MOST_AT_ONCE,
    ) -> None:
        """Nothing happens before the first item.

        Args:
            take: takes a batch in and returns one result an item, in order; durable when it returns.
            largest: items of one batch.
            longest_wait: after which waiting items no longer wait for the batch under way.
            shortest_pause: between the beginnings of two batches, unless one is full.
            most_at_once: batches that are under way at one time.
        """
        self._take = take
        self._largest = largest
        self._longest_wait = longest_wait.total_seconds()
        self._shortest_pause = shortest_pause.total_seconds()
        self._most_at_once = most_at_once
        self._begun_at = -math.inf
        self._waiting: deque[_Waiting[Item, Result]] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self._alarm: asyncio.TimerHandle | None = None

    async def hand_in(self, items: Sequence[Item]) -> list[Result | BaseException]:
        """Return what became of each item, in order, once all are settled.

        An item that was handed in is taken even when nobody waits for its answer any more.
        """
        loop = asyncio.get_running_loop()
        now = time.monotonic()
        handed_in = [_Waiting[Item, Result](item=item, since=now, answer=loop.create_future()) for item in items]
        self._waiting.extend(handed_in)
        self._begin()
        try:
            return [await _answer_of(each) for each in handed_in]
        except asyncio.CancelledError:
            for each in handed_in:
                each.answer.cancel()
            raise

    async def settled(self) -> None:
        """Return when nothing is waiting or under way."""
        while self._waiting or self._under_way:
            if not self._under_way:
                self._begin_batch()
            await asyncio.wait(self._under_way)

    def _begin(self) -> None:
        while self._waiting and self._is_time():
            self._begin_batch()
        self._set_alarm()

    def _begin_batch(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(self._largest, len(self._waiting)))]
        task = asyncio.create_task(self._settle(batch))
        self._under_way.add(task)
        self._begun_at = time.monotonic()
        task.add_done_callback(self._ended)

    def _is_time(self) -> bool:
        if len(self._under_way) >= self._most_at_once:
            return False
        return len(self._waiting) >= self._largest or self._time_left() <= 0

    def _time_left(self) -> float:
        """Return how many seconds the first that waits still waits for others."""
        now = time.monotonic()
        if self._under_way:
            return self._waiting[0].since + self._longest_wait - now
        return self._begun_at + self._shortest_pause - now

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._waiting and len(self._under_way) < self._most_at_once:
            self._alarm = asyncio.get_running_loop().call_later(max(0.0, self._time_left()), self._begin)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._begin()

    async def _settle(self, batch: Sequence[_Waiting[Item, Result]]) -> None:
        try:
            results = await self._take([each.item for each in batch])
        except DatabaseUnreachableError as error:
            _answer_all(batch, error)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is one item's and not its neighbours'
            await self._settle_singly(batch, error)
        else:
            for each, result in zip(batch, results, strict=True):
                _answer(each.answer, result)

    async def _settle_singly(self, batch: Sequence[_Waiting[Item, Result]], error: Exception) -> None:
        if len(batch) == 1:
            _answer_all(batch, error)
            return
        for each in batch:
            await self._settle([each])


async def _answer_of(waiting: _Waiting[Item, Result]) -> Result | BaseException:
    try:
        return await waiting.answer
    except Exception as error:  # noqa: BLE001 - what was wrong with one item is its answer
        return error


def _answer(answer: asyncio.Future[Result], result: Result) -> None:
    # Whoever waited for it may have gone.
    if not answer.done():
        answer.set_result(result)


def _answer_all(batch: Sequence[_Waiting[Item, Result]], error: Exception) -> None:
    for each in batch:
        if not each.answer.done():
            each.answer.set_exception(error)
