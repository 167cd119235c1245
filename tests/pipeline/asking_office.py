"""The small project with triggers that say more than an event, and the records that it takes."""

from dataclasses import replace

from tests.office import Office, notice
from tests.pipeline.stepping_office import Clock, ClockedWorkplace, Stepping
from xconnector.domain.communication import State
from xconnector.domain.event import SourceRecord
from xconnector.domain.review import Decision
from xconnector.operations import reviews

ON = "on: {event: com.small.notice}"
_FEEDS = "  notice_runs:"
_PAYMENTS = "  payments: {event: com.small.paid, mapping: notice}\n"


def trigger(said: str, *, payments: bool = False, collect: str = "collect: 30d") -> dict[str, list[tuple[str, str]]]:
    """Let the notice's trigger say more; with a feed for payments where it listens for them."""
    feeds = [(_FEEDS, _PAYMENTS + _FEEDS)] if payments else []
    return {
        "communications/notice.yaml": [(ON, f"on: {{event: com.small.notice, {said}}}")],
        "xconnector.yaml": [*feeds, ("collect: 100ms", collect)],
    }


def stepping(opened: Office) -> Stepping:
    """Return what works by a clock that the test moves."""
    place = ClockedWorkplace.of(opened.place, Clock())
    opened.place = place
    return Stepping(place=place)


def about(key: str, number: str, *, event: str = "com.small.notice") -> SourceRecord:
    """An event under a key of its own that speaks of a notice."""
    return replace(notice(number), source_key=key, event_type=event)


async def states(opened: Office, *keys: str) -> list[State | None]:
    """Return where the communications of these source keys stand."""
    return [await opened.state_of(key) for key in keys]


async def decide(opened: Office, key: str, decision: Decision) -> None:
    """Give the verdict on the document that waits."""
    meant = (await opened.explain(key)).found.communication_id
    waiting = await reviews.waiting_reviews(opened.place.pool, role=None, limit=10)
    review = next(one for one in waiting if one.communication_id == meant)
    await reviews.decide(
        opened.place.pool,
        opened.place.jobs,
        opened.place.project.people,
        communication=key,
        document_sha256=review.document_sha256,
        decision=decision,
        person="anna",
        reason="seen",
    )
