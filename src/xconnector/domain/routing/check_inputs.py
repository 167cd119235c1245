"""What tables of the checks may ask beside what every table may: the inputs that speak of one medium or one hop."""

from collections.abc import Mapping

from xconnector.domain.decision.values import Kind
from xconnector.domain.routing.policy import PERMISSIONS, Check

MEDIUM_INPUTS: Mapping[str, Kind] = {
    "medium": Kind.TEXT,
    "mandatory": Kind.YES_NO,
    "reachable": Kind.YES_NO,
    "suppressed": Kind.TEXT,
    "consent": Kind.TEXT,
    "consent.basis": Kind.TEXT,
    "consent.days": Kind.NUMBER,
    "consent.shown": Kind.YES_NO,
}
"""What is known of one medium of the customer. `medium` and `mandatory` are known of themselves, the rest are facts."""

HOP_INPUTS: Mapping[str, Kind] = {"connection": Kind.TEXT, "proof": Kind.TEXT}
"""What is known of one hop; `proof` is none where nothing is asked of the post."""


def inputs_of(check: Check) -> Mapping[str, Kind]:
    """Return what the tables of a check may ask beside what every table may."""
    if check is Check.COST:
        return {**MEDIUM_INPUTS, **HOP_INPUTS}
    return MEDIUM_INPUTS if check is Check.QUIET_HOURS or check in PERMISSIONS else {}
