"""What source systems are told of their communications: which entries of the ledger, in which words.

The words are types of CloudEvents (1.0): `org.xconnector.communication.…` says where a communication stands,
`org.xconnector.delivery.…` what a channel reported, and `org.xconnector.address.proposed` a new address that somebody
outside told. No content of documents goes along.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from xconnector.domain.communication import State
from xconnector.domain.delivery import DeliveryEventType

_REPORTED = "reported "
_BY_STATE: Mapping[str, str] = {
    State.DISPATCHED: "communication.handed_over",
    State.COMPLETED: "communication.completed",
    State.SUPPRESSED: "communication.suppressed",
    State.FAILED: "communication.failed",
    State.OUTCOME_UNKNOWN: "communication.outcome_unknown",
    State.CANCELLED: "communication.cancelled",
}
_BY_EVENT: Mapping[str, str] = {"rerouted": "communication.rerouted", "withdrawn": "communication.withdrawn"}
_OF_REPORTS: Mapping[str, str] = {f"{_REPORTED}{each}": f"delivery.{each}" for each in DeliveryEventType}
ADDRESS_PROPOSED = "address.proposed"
RECONCILED = "write_back.reconciled"
WORDS = (*_BY_STATE.values(), *_BY_EVENT.values(), *_OF_REPORTS.values(), ADDRESS_PROPOSED)
"""Everything that a source system can be told, without what stands before it in a type."""
TYPE_PREFIX = "org.xconnector."

TOLD_STATES = tuple(sorted(_BY_STATE))
TOLD_EVENTS = tuple(sorted({**_BY_EVENT, **_OF_REPORTS}))
"""Of the ledger: an entry is told for its event, or for the state to which it moved its communication."""
_FACTS = ("dispatch", "to", "reason", "because", "detail", "final", "occurred_at")
"""What of an entry's detail goes along; none of it is content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event for a source system."""

    id: str
    """The same however often it is told."""
    type: str
    source: str
    """Which installation of ours, as a path."""
    subject: str
    """The communication, or the day that was reconciled."""
    time: datetime
    sequence: str
    """Grows with every later event of the same subject, as text."""
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An entry of the ledger, with the communication that it is of."""

    entry_id: int
    at: datetime
    event: str
    state: str | None
    detail: Mapping[str, Any]
    communication_id: UUID
    communication: str
    customer_key: str
    record_source: str
    record_key: str | None
    new_address: Mapping[str, str] | None = field(default=None, repr=False)
    """Of a report: the address that it proposes."""


def word_of(event: str, state: str | None) -> str | None:
    """Return the word for an entry of the ledger; None for what no source system is told."""
    return _OF_REPORTS.get(event) or _BY_EVENT.get(event) or _BY_STATE.get(state or "")


def told_of(happening: Happening, *, project: str, words: frozenset[str]) -> list[Told]:
    """Return the events that an entry makes for who wants to hear these words: none, one, or two with a new address."""
    found: list[Told] = []
    word = word_of(happening.event, happening.state)
    if word is not None and word in words:
        found.append(_told(happening, word, project=project, facts=_facts(happening)))
    if happening.new_address is not None and ADDRESS_PROPOSED in words:
        facts = {**_facts(happening), "address": dict(happening.new_address)}
        found.append(_told(happening, ADDRESS_PROPOSED, project=project, facts=facts))
    return found


def _told(happening: Happening, word: str, *, project: str, facts: Mapping[str, Any]) -> Told:
    suffix = "-address" if word == ADDRESS_PROPOSED else ""
    return Told(
        id=f"{happening.entry_id}{suffix}",
        type=f"{TYPE_PREFIX}{word}",
        source=f"/xconnector/{project}",
        subject=str(happening.communication_id),
        time=happening.at,
        sequence=f"{happening.entry_id:020}",
        data={
            "communication_id": str(happening.communication_id),
            "communication": happening.communication,
            "customer_key": happening.customer_key,
            "source": happening.record_source,
            "source_key": happening.record_key,
            **facts,
        },
    )


def _facts(happening: Happening) -> dict[str, Any]:
    return {name: happening.detail[name] for name in _FACTS if happening.detail.get(name) is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How much happened of one kind, by the words of the ledger."""

    event: str
    state: str | None
    happened: int
    acknowledged: int
    refused: int


def sums_by_word(counts: Iterable[Count], words: frozenset[str]) -> dict[str, dict[str, int]]:
    """Return by word what was sent, and of that what is acknowledged, refused, and outstanding."""
    found: dict[str, dict[str, int]] = {}
    for row in counts:
        word = word_of(row.event, row.state)
        if word is None or word not in words:
            continue
        sums = found.setdefault(word, {"sent": 0, "acknowledged": 0, "refused": 0, "outstanding": 0})
        sums["sent"] += row.happened
        sums["acknowledged"] += row.acknowledged
        sums["refused"] += row.refused
        sums["outstanding"] += row.happened - row.acknowledged - row.refused
    return dict(sorted(found.items()))


def bounds_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when a day begins somewhere, and when it is over."""
    return (
        datetime.combine(day, time.min, tzinfo=zone),
        datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone),
    )
