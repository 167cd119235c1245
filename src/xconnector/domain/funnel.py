"""The funnel of a run: how far everything came that it ordered, what was lost on the way and why, what is not known.

Each thing ordered lies in exactly one bucket, so that the buckets' sum is what was ordered, at every moment.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from xconnector.domain.communication import END_STATES, State
from xconnector.domain.evidence import Evidence


class FunnelStep(StrEnum):
    """How far something came; who came further came through all before it."""

    ORDERED = "ordered"
    DECIDED = "decided"
    COMPOSED = "composed"
    APPROVED = "approved"
    HANDED_OVER = "handed over"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    OPENED = "opened by a person"


class Whereabouts(StrEnum):
    """What is to be said of those that came to a step and no further."""

    ON_ITS_WAY = "on its way"
    """It is with us, and goes on."""
    LOST = "lost"
    """It goes no further; the reason is named."""
    UNKNOWN = "unknown"
    """A channel has it, or may have it, and nothing was heard of it."""
    THERE = "there"
    """This is what is proven, and nothing to the contrary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Where something lies that was ordered."""

    step: FunnelStep
    whereabouts: Whereabouts
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What is known of some communications, which are alike in it."""

    state: State
    came_to: FunnelStep
    """The furthest step before any hand-over."""
    event: str = ""
    """What the ledger calls that which brought them into their state."""
    reason: str | None = None
    """Of what was not sent or stopped, in our words or the project's."""
    holds: Evidence | None = None
    """The strongest of the hand-overs that did not come back; None where there is none."""
    returned: Evidence | None = None
    """The strongest of those that came back; None where none did."""
    return_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Of records that no communication stands for: how many there are of each kind."""

    unread: int = 0
    unasked: int = 0
    repeated: int = 0
    refused: int = 0
    set_aside: int = 0
    asked_for_none: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelLine:
    """One step: how many came to it, and what became of those that came no further."""

    step: FunnelStep
    reached: int
    on_its_way: int
    unknown: int
    there: int
    lost: int
    reasons: Mapping[str, int]
    """Of all that came no further, by what is to be said of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """The buckets of one run."""

    ordered: int
    buckets: Mapping[Bucket, int]

    @property
    def difference(self) -> int:
        """What was ordered less what lies in a bucket: other than 0 only where something was lost or made twice."""
        return self.ordered - sum(self.buckets.values())

    @property
    def unknown(self) -> int:
        """Of how many it is not known whether anybody has them."""
        return sum(number for bucket, number in self.buckets.items() if bucket.whereabouts is Whereabouts.UNKNOWN)

    @property
    def lines(self) -> list[FunnelLine]:
        """The steps in their order; each one's buckets and those behind it are what reached it."""
        return [_line(step, self.buckets) for step in FunnelStep]


def funnel(ordered: int, courses: Iterable[tuple[Course, int]], records: Records) -> Funnel:
    """Put everything that was ordered into its bucket."""
    buckets: dict[Bucket, int] = {}
    counted = [(bucket_of(course), number) for course, number in courses]
    for bucket, number in [*counted, *_of_records(records)]:
        if number:
            buckets[bucket] = buckets.get(bucket, 0) + number
    return Funnel(ordered=ordered, buckets=buckets)


def bucket_of(course: Course) -> Bucket:
    """Return where communications lie of which this is known."""
    step = _step_of(course)
    match course.state:
        case State.SUPPRESSED | State.CANCELLED:
            reason = course.reason or course.event or course.state
            return Bucket(step=step, whereabouts=Whereabouts.LOST, reason=f"{course.state}: {reason}")
        case State.FAILED:
            return Bucket(step=step, whereabouts=Whereabouts.LOST, reason=_failed(course))
        case State.OUTCOME_UNKNOWN:
            return Bucket(step=step, whereabouts=Whereabouts.UNKNOWN, reason="outcome unknown")
        case State.COMPLETED | State.DISPATCHED:
            if step is FunnelStep.HANDED_OVER:
                return Bucket(step=step, whereabouts=Whereabouts.UNKNOWN, reason="nothing heard yet")
            whereabouts = Whereabouts.THERE if step in _PROVEN else Whereabouts.UNKNOWN
            return Bucket(step=step, whereabouts=whereabouts)
        case _:
            return Bucket(step=step, whereabouts=Whereabouts.ON_ITS_WAY, reason=course.state.replace("_", " "))


_STEPS = tuple(FunnelStep)
_STEP_PROVEN_BY = {
    Evidence.HANDED_OVER: FunnelStep.HANDED_OVER,
    Evidence.ACCEPTED: FunnelStep.ACCEPTED,
    Evidence.DELIVERED: FunnelStep.DELIVERED,
    Evidence.OPENED: FunnelStep.OPENED,
}
_PROVEN = frozenset({FunnelStep.ACCEPTED, FunnelStep.DELIVERED, FunnelStep.OPENED})


def _step_of(course: Course) -> FunnelStep:
    """What came back proves how far it came only for what ends there; what goes on stands at its next hop."""
    proof = course.holds
    if proof is None and course.state in END_STATES:
        proof = course.returned
    return course.came_to if proof is None else _STEP_PROVEN_BY.get(proof, course.came_to)


def _failed(course: Course) -> str:
    if course.returned is not None and course.return_reason:
        return course.return_reason
    return f"failed: {course.reason}" if course.reason else "failed"


def _of_records(records: Records) -> Iterable[tuple[Bucket, int]]:
    waits, lost = Whereabouts.ON_ITS_WAY, Whereabouts.LOST
    told = (
        (waits, "still to be read", records.unread),
        (waits, "read and not looked at yet", records.unasked),
        (lost, "repeated record", records.repeated),
        (lost, "refused: same key, other content", records.refused),
        (lost, "record set aside", records.set_aside),
        (lost, "asked for by no communication", records.asked_for_none),
    )
    return [(Bucket(step=FunnelStep.ORDERED, whereabouts=where, reason=why), number) for where, why, number in told]


def _line(step: FunnelStep, buckets: Mapping[Bucket, int]) -> FunnelLine:
    here = {bucket: number for bucket, number in buckets.items() if bucket.step is step}

    def of(whereabouts: Whereabouts) -> int:
        return sum(number for bucket, number in here.items() if bucket.whereabouts is whereabouts)

    return FunnelLine(
        step=step,
        reached=sum(n for bucket, n in buckets.items() if _STEPS.index(bucket.step) >= _STEPS.index(step)),
        on_its_way=of(Whereabouts.ON_ITS_WAY),
        unknown=of(Whereabouts.UNKNOWN),
        there=of(Whereabouts.THERE),
        lost=of(Whereabouts.LOST),
        reasons=dict(sorted((bucket.reason, number) for bucket, number in here.items() if bucket.reason)),
    )
