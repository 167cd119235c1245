"""What a project says of a kind of communication beside the event that asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from xconnector.domain.trigger.start import Start

CUSTOMER = "customer"
"""As a field of a key it stands for the customer's own key."""


class Urgency(StrEnum):
    """What goes first when there is more work than workers."""

    HIGH = "high"
    """Before everything else."""
    NORMAL = "normal"
    """As it came: a single event before a run."""
    LOW = "low"
    """After everything else."""


class OnFailure(StrEnum):
    """What a failed communication means for those behind it in its line."""

    HOLD = "hold"
    """They wait until it was reprocessed, settled or dismissed."""
    PASS = "pass"  # noqa: S105 - no password
    """They go on."""


class Otherwise(StrEnum):
    """What follows when the event that is waited for did not come in its time."""

    FAIL = "fail"
    """People look after it."""
    SEND = "send"
    """It begins without."""
    DROP = "drop"
    """It is not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """An event that is waited for, and by which fields it is known to be the one."""

    event: str
    """Its type."""
    fields: tuple[tuple[str, str], ...]
    """Pairs of our field and theirs, sorted by theirs."""
    where: Mapping[str, frozenset[str]]
    """Fields of theirs and the values, as text, of which one must stand there."""

    @property
    def names_customer(self) -> bool:
        """Whether the event is of the same customer."""
        return any(CUSTOMER in pair for pair in self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """Of several asks with one key only the first makes a communication."""

    fields: tuple[str, ...]
    within: timedelta | None = None
    """How far apart they may have happened to be the same; None where they always are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Communications of one line leave one after the other, whatever kinds they are of."""

    fields: tuple[str, ...]
    on_failure: OnFailure = OnFailure.HOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """It begins when another event was heard."""

    listening: Listening
    within: timedelta
    """How long it waits for it after it was asked for."""
    otherwise: Otherwise = Otherwise.FAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class Collapse:
    """Asks with one key that come shortly after one another become one communication of the latest."""

    fields: tuple[str, ...]
    window: timedelta
    """How long it must have been quiet."""
    longest: timedelta
    """How long the first of them waits at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """An event that cancels what is not out yet."""

    listening: Listening
    within: timedelta
    """How long before the ask it may have happened to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRules:
    """Everything that is said of one kind."""

    once: Once | None = None
    order: Order | None = None
    parent: Parent | None = None
    collapse: Collapse | None = None
    counters: tuple[Counter, ...] = ()
    start: Start | None = None

    @property
    def are_none(self) -> bool:
        """Whether a communication begins at once and nothing stops it."""
        said = (self.once, self.order, self.parent, self.collapse, self.start)
        return not self.counters and all(rule is None for rule in said)

    @property
    def name_customer(self) -> bool:
        """Whether any of their keys is made of the customer's."""
        keyed = (rule.fields for rule in (self.once, self.order, self.collapse) if rule is not None)
        heard = (*([self.parent.listening] if self.parent else []), *(counter.listening for counter in self.counters))
        return any(CUSTOMER in fields for fields in keyed) or any(one.names_customer for one in heard)


NO_RULES = TriggerRules()
