"""promises: whether a record is what its source promised."""

from collections.abc import Mapping
from typing import Any

from xconnector.domain.change_event import DELETE, TOMBSTONE
from xconnector.domain.event import REMOVED
from xconnector.project.model import Feed, Project

_GONE = (DELETE, TOMBSTONE)


class BreachError(Exception):
    """A record breaks the contract of its source; the message names paths and rules, never values."""


def breach_of(project: Project, feed: Feed | None, record: Mapping[str, Any]) -> str | None:
    """Return how a record of a feed breaks the contract of its source; None where it keeps it, or there is none.

    Of what was removed nothing is promised but whose it was.
    """
    contract = project.contract_of(feed) if feed is not None else None
    if feed is None or contract is None:
        return None
    is_gone = REMOVED in record or (feed.changes is not None and record.get("op") in _GONE)
    return None if is_gone else contract.breach(record)
