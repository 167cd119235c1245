"""The shipped tables, read once for all tests."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path

from tests.project.tables.parsed import parse_table
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.routing.policy import Check
from xconnector.project.tables.text import TableText

FOLDER = Path(str(resources.files("xconnector") / "regulations"))
NAMES = sorted(file.stem for file in FOLDER.glob("*.md"))
CHECKS: Mapping[str, Check] = {
    "alternate_formats": Check.FORMAT,
    "consent_ca": Check.CONSENT,
    "consent_elsewhere": Check.CONSENT,
    "consent_eu": Check.CONSENT,
    "consent_us": Check.CONSENT,
    "costs": Check.COST,
    "e_delivery_us": Check.CONSENT,
    "legal_notices_eu": Check.MUST_SEND,
    "legal_notices_us": Check.MUST_SEND,
    "quiet_hours_eu": Check.QUIET_HOURS,
    "quiet_hours_us": Check.QUIET_HOURS,
    "suppression": Check.SUPPRESSION,
    "withdrawal": Check.WITHDRAWAL,
}
"""The check that each is made for."""
STATES = frozenset(
    {
        *("AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY"),
        *("LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH"),
        *("OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY"),
    }
)


@cache
def shipped(name: str) -> TableText:
    """Return a shipped table; nothing is wrong with it."""
    text, findings = parse_table(name, f"{name}.md", (FOLDER / f"{name}.md").read_bytes())
    assert text is not None, [str(finding) for finding in findings]
    assert not findings, [str(finding) for finding in findings]
    return text


def table(name: str) -> DecisionTable:
    return shipped(name).table
