"""What becomes of a communication by a verdict, and what the ledger tells of it."""

from typing import Any

from xconnector.domain.communication import State
from xconnector.domain.failure import Failure, FailureKind
from xconnector.domain.trigger.judging import Begin, End, Ending, Verdict, Wait

BEGIN = "begin"
"""The stage that judges again what waited."""
_ENDS = {
    Ending.REPEATED: State.SUPPRESSED,
    Ending.TAKEN_IN: State.SUPPRESSED,
    Ending.DROPPED: State.SUPPRESSED,
    Ending.COUNTERED: State.CANCELLED,
    Ending.MISSED: State.FAILED,
}


def state_after(verdict: Verdict) -> State:
    """Return the state of a communication of which something else follows than that it begins."""
    return _ENDS[verdict.ending] if isinstance(verdict, End) else State.WAITING


def event_of(verdict: Verdict) -> str:
    """Return what the ledger calls it."""
    return "waits" if isinstance(verdict, Wait) else state_after(verdict).value


def detail_of(verdict: Verdict) -> dict[str, Any]:
    """Return what the ledger tells of a verdict."""
    if isinstance(verdict, Begin):
        return {} if verdict.without is None else {"although": verdict.without}
    if isinstance(verdict, Wait):
        said = {"for": verdict.waits_for, "until": verdict.until, "because": verdict.because}
        return said if verdict.without is None else said | {"although": verdict.without}
    if verdict.ending is Ending.MISSED:
        failure = failure_of(verdict)
        return {"stage": failure.stage, "kind": failure.kind, "reason": failure.reason}
    by = {} if verdict.by is None else {"by": verdict.by.source_key}
    return {"because": verdict.because, **by}


def failure_of(verdict: End) -> Failure:
    """Return the failure of one that missed what it waited for."""
    return Failure(stage=BEGIN, kind=FailureKind.INPUT, reason=f"{verdict.because}; reprocess it to begin without")
