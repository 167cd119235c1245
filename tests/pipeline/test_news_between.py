"""Whatever is heard between a decision and its hand-over: nothing leaves that must not, and all comes to an end.

Sequences are generated: what is heard of customers, other tables, time, and channels that refuse, are away or under
which the worker dies, in any order, before, between and after the hand-overs of plans of one to three hops.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo

from tests.conftest import own_database
from tests.pipeline.news_between import MEDIA, PREFERENCES, TABLES, Between, open_between

pytestmark = pytest.mark.timeout(300)

_HEARD = (
    *(f"{what} {medium}" for what in ("withdraws", "grants") for medium in ("email", "portal", "print")),
    *(f"{what} {medium}" for what in ("suppressed", "lifted") for medium in ("email", "portal", "print")),
    *(f"prefers {preference}" for preference in PREFERENCES),
    *("speaks de", "dies"),
    # What is looked for most.
    *(4 * ("mailbox", "moves", "returned", "speaks en")),
)
PEOPLE = 6
"""Who have nothing to do with each other: an example is as many sequences."""
_MOODS = ("refuses", "is away", "dies before", "dies after", "loses its answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens between two pieces of work."""

    heard: Sequence[tuple[int, str]]
    """By customer."""
    mood: tuple[str, str] | None
    """How a channel answers next."""
    tables: int | None
    """Which are in force from now on."""
    time: timedelta
    """That passes."""
    jobs: int | None
    """How many are done; None works until none is left."""


_STEPS = st.builds(
    Step,
    heard=st.lists(st.tuples(st.integers(0, PEOPLE - 1), st.sampled_from(_HEARD)), min_size=1, max_size=6),
    mood=st.none() | st.tuples(st.sampled_from(tuple(MEDIA)), st.sampled_from(_MOODS)),
    tables=st.none() | st.none() | st.integers(0, TABLES - 1),
    time=st.sampled_from([timedelta(0), timedelta(minutes=70), timedelta(days=1), timedelta(days=6)]),
    jobs=st.sampled_from([None, 0, 1, 2]),
)


# Not shrunk, which takes minutes: what fails names the customer, and to the others it has nothing to do.
@settings(
    max_examples=14,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    preferences=st.lists(st.sampled_from(PREFERENCES), min_size=PEOPLE, max_size=PEOPLE),
    steps=st.lists(_STEPS, min_size=4, max_size=10),
)
def test_whatever_is_heard_before_a_hand_over_counts_for_it(
    postgres: str, migrated_template: str, preferences: Sequence[str], steps: Sequence[Step]
) -> None:
    with (
        own_database(postgres, template=migrated_template) as name,
        tempfile.TemporaryDirectory(prefix="xc-") as folder,
    ):
        asyncio.run(_live_through(Path(folder), make_conninfo(postgres, dbname=name), preferences, steps))


async def _live_through(folder: Path, database: str, preferences: Sequence[str], steps: Sequence[Step]) -> None:
    async with open_between(folder, database, preferences) as between:
        for step in steps:
            await _take(between, step)
        await between.end()


async def _take(between: Between, step: Step) -> None:
    if step.tables is not None:
        await between.change_tables(step.tables)
    if step.mood is not None:
        channel, mood = step.mood
        between.moods.ahead.setdefault(channel, []).append(mood)
    for number, what in step.heard:
        await between.happen(between.people[number], what)
    between.pass_time(step.time)
    await between.stepping.work(at_most=step.jobs)
