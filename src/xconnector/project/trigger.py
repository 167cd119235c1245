"""Which communications an event asks for: none, one or many."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from xconnector.domain.record_path import text_of
from xconnector.domain.trigger.rules import Listening
from xconnector.domain.trigger.start import StartError, begins_at
from xconnector.project.condition import ConditionError
from xconnector.project.model import CommunicationKind, Project


def asked_for(project: Project, event_type: str, data: Mapping[str, Any]) -> tuple[CommunicationKind, ...]:
    """Return the kinds of communication that an event of this type with this mapped data asks for, sorted by name.

    Raises ConditionError, naming the communication and fields, where a condition cannot be answered: that is not "no".
    """
    return tuple(
        kind
        for _, kind in sorted(project.communications.items())
        if kind.event == event_type and _fits(kind.where, data) and _holds(kind, data)
    )


def listened_for(project: Project) -> Mapping[str, Sequence[Listening]]:
    """Return what kinds of communications listen for, by type of event: their parents, and what cancels them."""
    found: dict[str, list[Listening]] = {}
    for kind in project.communications.values():
        parent = kind.rules.parent
        for one in (*([parent.listening] if parent else []), *(counter.listening for counter in kind.rules.counters)):
            found.setdefault(one.event, []).append(one)
    return found


def start_of(kind: CommunicationKind, happened_at: datetime, data: Mapping[str, Any]) -> datetime | None:
    """Return when a communication begins that an event of this time with this mapped data asks for; None at once.

    Raises StartError, naming the communication and fields, where that cannot be told.
    """
    start = kind.rules.start
    if start is None:
        return None
    try:
        return begins_at(start, happened_at, None if start.field is None else data.get(start.field))
    except StartError as wrong:
        raise StartError(f"the start of communication {kind.name!r} cannot be told: {wrong}") from None


def _fits(where: Mapping[str, frozenset[str]], data: Mapping[str, Any]) -> bool:
    return all(text_of(data.get(name)) in wanted for name, wanted in where.items())


def _holds(kind: CommunicationKind, data: Mapping[str, Any]) -> bool:
    try:
        return kind.condition is None or kind.condition.holds(data)
    except ConditionError as wrong:
        raise ConditionError(f"the condition of communication {kind.name!r} cannot be answered: {wrong}") from None
