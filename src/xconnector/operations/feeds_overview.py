"""All feeds at a glance: what came, what waits, how fresh it is, and when more is expected."""

from dataclasses import dataclass, field
from datetime import datetime, time
from zoneinfo import ZoneInfo

from xconnector.domain.staleness import is_fresh
from xconnector.postgres.connect import Pool, snapshot
from xconnector.project.model import Feed, Project
from xconnector.store import feed_positions, feed_states
from xconnector.store.feed_positions import FeedPosition
from xconnector.store.feed_states import Activity, FeedState

_SENT_WITH_A_KEY = "events"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """One feed."""

    feed: str
    source: str
    """The connector of its connection, or `events` for those that are sent with a key of ours."""
    last_at: datetime | None
    """When its last record came; None where none ever did."""
    records: int
    """Records that came today, where the project is at home."""
    set_aside: int
    waiting: int
    """Records that wait until the feed is let go on."""
    as_of: datetime | None
    """When the newest of what its latest records say was so."""
    is_fresh: bool | None
    """Whether that is new enough; None where nothing is promised."""
    state: str
    """`stopped`, `silent`, `never spoke`, or `goes on`."""
    reason: str | None
    """Why it is stopped."""
    expected_by: datetime | None
    """By when it is expected to speak; a silent one was expected then."""
    asked_at: datetime | None
    """When its source was last asked, or its drop last looked into; None for feeds that come by themselves."""
    position: str | None = field(repr=False)
    """How far a source that is asked was read, as it says it itself."""
    trouble: str | None
    """What kept it from being asked or looked into, last time."""
    trouble_since: datetime | None


async def feeds_overview(pool: Pool, project: Project, *, now: datetime) -> list[FeedLine]:
    """Return a line for each feed of the project, as of one moment."""
    zone = ZoneInfo(project.locale.timezone)
    since = datetime.combine(now.astimezone(zone).date(), time(), zone)
    async with snapshot(pool) as connection:
        states = await feed_states.all_states(connection)
        positions = {one.feed: one for one in await feed_positions.all_of_them(connection)}
        came = await feed_states.activity(connection, list(project.feeds), since=since)
    return [
        _line(project, feed, came[feed.name], states.get(feed.name), positions.get(feed.name), now)
        for feed in project.feeds.values()
    ]


def _line(
    project: Project,
    feed: Feed,
    came: Activity,
    state: FeedState | None,
    position: FeedPosition | None,
    now: datetime,
) -> FeedLine:
    within = feed.fresh_within
    due_at = state.due_at if state is not None and feed.expected is not None else None
    connection = project.connections.get(feed.connection or "")
    return FeedLine(
        feed=feed.name,
        source=connection.connector if connection is not None else _SENT_WITH_A_KEY,
        last_at=came.last_at,
        records=came.records,
        set_aside=came.set_aside,
        waiting=came.waiting,
        as_of=came.as_of,
        is_fresh=None if within is None else is_fresh(came.as_of, within, now=now),
        state=_standing(state, came, due_at, now),
        reason=state.reason if state is not None and state.paused else None,
        expected_by=due_at,
        asked_at=position.asked_at if position is not None else None,
        position=position.position if position is not None else None,
        trouble=position.trouble if position is not None else None,
        trouble_since=position.trouble_since if position is not None else None,
    )


def _standing(state: FeedState | None, came: Activity, due_at: datetime | None, now: datetime) -> str:
    if state is not None and state.paused:
        return "stopped"
    if due_at is not None and due_at <= now:
        return "silent"
    return "never spoke" if came.last_at is None else "goes on"
