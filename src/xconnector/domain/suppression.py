"""The suppression list: which medium of a customer is not to be used now, whoever said so, and why.

An entry may name the address that it is about; then it says nothing of the customer's next address. An entry is never
changed: it is lifted by another one, and both stay. Of one moment the suppression wins.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from xconnector.domain.identity import content_id
from xconnector.domain.routing.plan import Medium


class SuppressionAction(StrEnum):
    """What an entry does."""

    SUPPRESSED = "suppressed"
    LIFTED = "lifted"


class SuppressionReason(StrEnum):
    """Why a medium is not to be used. Of several that hold, the first of this list is told."""

    COMPLAINED = "complained"
    """The customer called it spam."""
    OPTED_OUT = "opted_out"
    """The channel's own list says that the customer wants nothing."""
    BLOCKED = "blocked"
    """The house forbids it, such as while a fraud is looked into."""
    ADDRESS = "address"
    """There is no such mailbox or number."""
    RETURNED_MAIL = "returned_mail"
    """The post brought a letter back."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionEvent:
    """One entry of the suppression list."""

    customer_key: str
    medium: Medium
    action: SuppressionAction
    reason: SuppressionReason | None
    """None lifts whatever there is; whoever suppresses says why."""
    occurred_at: datetime
    recorded_at: datetime
    """When we learned of it; it decides nothing."""
    source: str
    """The system or connection that told us."""
    actor: str
    """Who wrote it down: a person, or the program that heard it."""
    address: str | None = field(default=None, repr=False)
    """As `address_of` spells it; None means whatever address the customer has."""
    note: str | None = field(default=None, repr=False)
    """Where the proof lies, or why."""

    def __post_init__(self) -> None:
        if self.reason is None and self.action is SuppressionAction.SUPPRESSED:
            raise ValueError("whoever suppresses says why")

    @property
    def event_id(self) -> UUID:
        """The same for the same entry however often it is told."""
        return content_id(
            *(self.customer_key, self.medium, self.action, self.reason, self.occurred_at.isoformat()),
            *(self.source, self.actor, self.address, self.note),
        )


def suppression_of(
    events: Iterable[SuppressionEvent], *, medium: Medium, address: str | None, at: datetime
) -> SuppressionEvent | None:
    """Return the entry that keeps a customer's present address from being used, None where nothing does.

    `address` is as `address_of` spells it. A suppression counts at once, whatever its time; what lifts it, from its
    own time on.
    """
    concerned = [event for event in events if event.medium is medium and event.address in {None, address}]
    lifted = [event for event in concerned if event.action is SuppressionAction.LIFTED and event.occurred_at <= at]
    standing = [
        event
        for event in concerned
        if event.action is SuppressionAction.SUPPRESSED and not any(_lifts(lift, event) for lift in lifted)
    ]
    return min(standing, key=_gravity, default=None)


def address_of(customer_fields: Mapping[str, Any], medium: Medium) -> str | None:
    """Return the golden record's address on a medium, spelled so that the same address is the same text.

    None where there is none, or where a medium needs none of its own, such as the portal.
    """
    match medium:
        case Medium.EMAIL:
            return _folded(customer_fields.get("email")) or None
        case Medium.SMS:
            return "".join(filter(_IN_NUMBER.__contains__, str(customer_fields.get("mobile") or ""))) or None
        case Medium.PRINT:
            parts = (_folded(customer_fields.get(name)) for name in _WINDOW)
            return ", ".join(filter(None, parts)) or None
        case Medium.PORTAL | Medium.PUSH:
            return None


# Not the country or its region: that a source begins to name them makes no other address.
_WINDOW = ("address_lines", "postcode", "city")
_IN_NUMBER = frozenset("+0123456789")
_GRAVITY = {reason: rank for rank, reason in enumerate(SuppressionReason)}


def _lifts(lift: SuppressionEvent, suppressed: SuppressionEvent) -> bool:
    return (
        lift.occurred_at > suppressed.occurred_at
        and lift.reason in {None, suppressed.reason}
        and lift.address in {None, suppressed.address}
        and not _is_start_to_another(lift, suppressed)
    )


def _is_start_to_another(lift: SuppressionEvent, suppressed: SuppressionEvent) -> bool:
    """Say whether a program heard both, a START and an opt-out, over two connections: one says nothing of the other."""
    both_opt_outs = lift.reason is SuppressionReason.OPTED_OUT is suppressed.reason
    return both_opt_outs and lift.actor == suppressed.actor and lift.source != suppressed.source


def _gravity(event: SuppressionEvent) -> tuple[int, datetime, str]:
    return _GRAVITY[event.reason or SuppressionReason.OTHER], event.occurred_at, str(event.event_id)


def _folded(value: object) -> str:
    """Text without capitals, on one line; the lines of an address one after the other."""
    lines = cast("list[object]", value) if isinstance(value, list) else [value]
    return " ".join(" ".join(str(line).split()) for line in lines if line).casefold()
