"""Feeds: how each stands, and stopping one or letting it go on."""

from dataclasses import dataclass
from datetime import UTC, datetime

from xconnector.domain.shape_difference import Change
from xconnector.execution.jobs import Jobs
from xconnector.postgres.connect import Connection, Pool, in_transaction, reading
from xconnector.project.findings import named_like
from xconnector.project.model import Feed, Project
from xconnector.store import feed_states
from xconnector.store.feed_states import FeedEvent, FeedState

_STAGE = "contract"
_LATEST_EVENTS = 20


class FeedError(ValueError):
    """The feed is not there, or cannot be stopped or let go on; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAccount:
    """One feed in full."""

    feed: str
    state: FeedState | None
    """None where nothing is known of it but what the project says."""
    difference: tuple[Change, ...]
    history: list[FeedEvent]
    """The latest first."""


async def feed_account(pool: Pool, project: Project, name: str) -> FeedAccount:
    """Return how one feed stands, and what happened to it.

    Raises FeedError.
    """
    _known(project, name)
    async with reading(pool) as connection:
        state = (await feed_states.all_states(connection)).get(name)
        history = await feed_states.history(connection, name, limit=_LATEST_EVENTS)
    return FeedAccount(feed=name, state=state, difference=state.difference if state else (), history=history)


async def stopped_because(pool: Pool, name: str) -> str | None:
    """Return why a feed is stopped; None where it is not."""
    async with reading(pool) as connection:
        state = (await feed_states.all_states(connection)).get(name)
    return state.reason if state is not None and state.paused else None


async def pause_feed(pool: Pool, project: Project, name: str, *, actor: str, reason: str) -> None:
    """Stop a feed: what it sends is taken in and waits.

    Raises FeedError.
    """
    _known(project, name)

    async def write(connection: Connection) -> None:
        now = datetime.now(UTC)
        if not await feed_states.pause(connection, name, reason=reason, actor=actor, difference=None, now=now):
            raise FeedError(f"feed {name} is stopped already; `xconnector feeds show {name}` says why")
        await feed_states.tell(connection, name, "stopped", now=now, actor=actor, detail={"reason": reason})

    await in_transaction(pool, write)


async def resume_feed(pool: Pool, jobs: Jobs, name: str, *, actor: str, accept: bool = False) -> int:
    """Let a stopped feed go on with what waits, and return how many batches of it that are.

    With `accept` its records may look as they do by now. What breaks the contract as it is by now is set aside.

    Raises FeedError where it is not stopped.
    """

    async def write(connection: Connection) -> int:
        now = datetime.now(UTC)
        if not await feed_states.resume(connection, name, actor=actor, accepted=accept, now=now):
            raise FeedError(f"feed {name} is not stopped; `xconnector feeds` lists those there are")
        batches = await feed_states.release(connection, name)
        for batch_id, priority in batches:
            await jobs.defer(connection, "prepare", priority=priority, batch_id=batch_id)
        told = f"let go on by {actor}{', and what it looks like accepted' if accept else ''}"
        await feed_states.resolve_failures(connection, name, _STAGE, resolution=told, now=now)
        detail = {"accepted": accept, "batches": len(batches)}
        await feed_states.tell(connection, name, "let go on", now=now, actor=actor, detail=detail)
        return len(batches)

    return await in_transaction(pool, write)


def _known(project: Project, name: str) -> Feed:
    feed = project.feeds.get(name)
    if feed is None:
        raise FeedError(f"there is no feed {name!r}: {named_like(name, project.feeds)}")
    return feed
