"""`checks:` of xconnector.yaml: which tables every communication has to pass."""

from collections.abc import Mapping

from xconnector.domain.routing.policy import Check
from xconnector.project.files import ChecksShape
from xconnector.project.model import ChecksChoice

KEYS: Mapping[Check, str] = {
    Check.MUST_SEND: "must_send",
    Check.SUPPRESSION: "suppression",
    Check.WITHDRAWAL: "withdrawal",
    Check.CONSENT: "consent",
    Check.FORMAT: "format",
    Check.QUIET_HOURS: "quiet_hours",
    Check.COST: "costs",
}
"""What each is called in the file."""

NO_CHECKS = ChecksChoice(tables={}, default=None)


def checks_of(shaped: ChecksShape) -> ChecksChoice:
    """Return the tables by check."""
    told = {check: _several(getattr(shaped, key)) for check, key in KEYS.items()}
    return ChecksChoice(tables={check: names for check, names in told.items() if names}, default=shaped.default)


def _several(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names
