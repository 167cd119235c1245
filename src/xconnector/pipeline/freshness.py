"""freshness: whether the sources that communications depend on have spoken lately enough."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from xconnector.contract.errors import TransientError
from xconnector.domain.failure import Failure, FailureKind
from xconnector.domain.staleness import Staleness, is_fresh, spelled_age
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, reading
from xconnector.project.model import CommunicationKind, Feed
from xconnector.store import feed_states


async def stale_feeds(
    place: Workplace, connection: Connection, kinds: Iterable[CommunicationKind], *, now: datetime
) -> Mapping[str, str]:
    """Return the stale ones of the feeds that these kinds need, with a sentence that tells their age."""
    needed = {name for kind in kinds for name in kind.needs_fresh}
    if not needed:
        return {}
    known = await feed_states.as_of(connection, list(needed))
    told = {name: _told(place.project.feeds[name], known.get(name), now) for name in sorted(needed)}
    return {name: sentence for name, sentence in told.items() if sentence is not None}


def _told(feed: Feed, as_of: datetime | None, now: datetime) -> str | None:
    if feed.fresh_within is None or is_fresh(as_of, feed.fresh_within, now=now):
        return None
    within = spelled_age(feed.fresh_within)
    if as_of is None:
        return f"feed {feed.name} never spoke, and must have within {within}"
    return f"the newest word of feed {feed.name} is {spelled_age(now - as_of)} old, and may be {within}"


def refusal(kind: CommunicationKind, stale: Mapping[str, str]) -> Failure | None:
    """Return why nothing may be made of stale sources; None where it may."""
    told = [stale[name] for name in _of(kind, Staleness.REFUSE) if name in stale]
    if not told:
        return None
    reason = f"{'; '.join(told)}. Bring its source to speak, then reprocess"
    return Failure(stage="assemble", kind=FailureKind.INPUT, reason=reason)


def flags(kind: CommunicationKind, stale: Mapping[str, str]) -> list[str]:
    """Return what is told of stale sources with a communication that is made all the same."""
    return [stale[name] for name in _of(kind, Staleness.FLAG) if name in stale]


def _of(kind: CommunicationKind, follows: Staleness) -> Collection[str]:
    return [name for name, said in kind.needs_fresh.items() if said is follows]


async def refuse_run_of_stale(place: Workplace, feed: Feed) -> None:
    """Raise TransientError where what a run would make needs another feed that is stale."""
    kinds = [kind for kind in place.project.communications.values() if kind.event == feed.event]
    async with reading(place.pool) as connection:
        stale = await stale_feeds(place, connection, kinds, now=place.now())
    for kind in kinds:
        others = {name: sentence for name, sentence in stale.items() if name != feed.name}
        if (failure := refusal(kind, others)) is not None:
            sentence = failure.reason.removesuffix(", then reprocess")
            raise TransientError(f"nothing was taken in: {kind.name} needs what is fresh. {sentence}, then begin again")
