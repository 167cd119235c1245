"""promises: whether a record is what its source promised."""

from collections.abc import Mapping
from typing import Any

from xconnector.project.model import Feed, Project


class BreachError(Exception):
    """A record breaks the contract of its source; the message names paths and rules, never values."""


def breach_of(project: Project, feed: Feed | None, record: Mapping[str, Any]) -> str | None:
    """Return how a record of a feed breaks the contract of its source; None where it keeps it, or there is none."""
    contract = project.contract_of(feed) if feed is not None else None
    return None if contract is None else contract.breach(record)
