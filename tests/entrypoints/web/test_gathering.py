import asyncio
from collections.abc import Sequence
from datetime import timedelta

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.entrypoints.web.gathering import Gathering

LONG = timedelta(seconds=30)


class Door:
    """Takes batches when it is opened."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.opened = asyncio.Event()

    async def take(self, items: Sequence[int]) -> Sequence[str]:
        self.batches.append(list(items))
        await self.opened.wait()
        if any(item < 0 for item in items):
            raise ValueError(f"{len(items)} items with a bad one")
        return [f"took {item}" for item in items]


async def breathe() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_lone_item_is_taken_at_once() -> None:
    door = Door()
    door.opened.set()
    assert await Gathering(door.take, longest_wait=LONG).hand_in([1]) == ["took 1"]


async def test_what_arrives_during_a_batch_is_the_next_one() -> None:
    door = Door()
    gathering = Gathering(door.take, longest_wait=LONG)
    waiting = [asyncio.create_task(gathering.hand_in([number])) for number in range(5)]
    await breathe()
    door.opened.set()
    assert await asyncio.gather(*waiting) == [[f"took {number}"] for number in range(5)]
    assert door.batches == [[0], [1, 2, 3, 4]]


async def test_a_batch_has_no_more_items_than_it_may() -> None:
    door = Door()
    door.opened.set()
    gathering = Gathering(door.take, largest=10)
    assert len(await gathering.hand_in(range(25))) == 25
    assert [len(batch) for batch in door.batches] == [10, 10, 5]


async def test_items_wait_for_a_slow_batch_only_so_long() -> None:
    door = Door()
    gathering = Gathering(door.take, longest_wait=timedelta(milliseconds=20))
    first = asyncio.create_task(gathering.hand_in([1]))
    await breathe()
    second = asyncio.create_task(gathering.hand_in([2]))
    await asyncio.sleep(0.2)
    assert door.batches == [[1], [2]]
    door.opened.set()
    assert await asyncio.gather(first, second) == [["took 1"], ["took 2"]]


async def test_only_so_many_batches_are_under_way() -> None:
    door = Door()
    gathering = Gathering(door.take, largest=1, most_at_once=2)
    waiting = [asyncio.create_task(gathering.hand_in([number])) for number in range(6)]
    await breathe()
    assert len(door.batches) == 2
    door.opened.set()
    await asyncio.gather(*waiting)
    assert len(door.batches) == 6


async def test_a_bad_item_is_no_harm_to_strangers_in_its_batch() -> None:
    door = Door()
    gathering = Gathering(door.take, longest_wait=LONG)
    waiting = [asyncio.create_task(gathering.hand_in([number])) for number in (0, 1, -2, 3)]
    await breathe()
    door.opened.set()
    first, second, bad, third = await asyncio.gather(*waiting)
    assert (first, second, third) == (["took 0"], ["took 1"], ["took 3"])
    assert isinstance(bad[0], ValueError)


async def test_when_the_database_is_gone_nobody_is_tried_singly() -> None:
    tries = 0

    async def take(items: Sequence[int]) -> Sequence[str]:
        nonlocal tries
        tries += 1
        raise psycopg.OperationalError(f"gone for {len(items)}")

    results = await Gathering(take).hand_in([1, 2, 3])
    assert [type(result) for result in results] == [psycopg.OperationalError] * 3
    assert tries == 1


async def test_an_item_is_taken_even_when_nobody_waits_any_more() -> None:
    door = Door()
    gathering = Gathering(door.take, longest_wait=LONG)
    first = asyncio.create_task(gathering.hand_in([1]))
    gone = asyncio.create_task(gathering.hand_in([2]))
    await breathe()
    gone.cancel()
    door.opened.set()
    await first
    await gathering.settled()
    assert door.batches == [[1], [2]]
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_under_load_the_next_batch_waits_a_moment_for_others() -> None:
    door = Door()
    door.opened.set()
    gathering = Gathering(door.take, shortest_pause=timedelta(milliseconds=200))
    assert await gathering.hand_in([1]) == ["took 1"]
    waiting = [asyncio.create_task(gathering.hand_in([number])) for number in (2, 3, 4)]
    await asyncio.gather(*waiting)
    assert door.batches == [[1], [2, 3, 4]]


async def test_whoever_ends_does_not_wait_for_others_any_more() -> None:
    door = Door()
    door.opened.set()
    gathering = Gathering(door.take, shortest_pause=LONG)
    await gathering.hand_in([1])
    waiting = asyncio.create_task(gathering.hand_in([2]))
    await breathe()
    await gathering.settled()
    assert await waiting == ["took 2"]


@given(st.lists(st.lists(st.integers(-3, 50), max_size=8), max_size=12), st.integers(1, 7), st.integers(1, 3))
def test_every_item_gets_its_own_answer_in_order(requests: list[list[int]], largest: int, most_at_once: int) -> None:
    async def everything() -> list[list[str | BaseException]]:
        door = Door()
        door.opened.set()
        gathering = Gathering(door.take, largest=largest, most_at_once=most_at_once)
        return await asyncio.gather(*(gathering.hand_in(request) for request in requests))

    for request, answers in zip(requests, asyncio.run(everything()), strict=True):
        for item, answer in zip(request, answers, strict=True):
            assert isinstance(answer, ValueError) if item < 0 else answer == f"took {item}"
