"""Overrides: what a person says of a customer's field beats what all sources say, while it lasts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from xconnector.domain.customer import POSTAL_FIELDS, Customer, Provenance
from xconnector.domain.survivorship import ADDRESS

OVERRIDE = "override"
"""The source of a golden value that a person gave, and its row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideEvent:
    """Somebody overrides a field, or revokes what was said of it before. Never changed: another one follows."""

    customer_key: str
    name: str
    """The field; `address` for the whole postal address, whose value is its parts by name."""
    value: Any = field(repr=False)
    """None where the field has no value, and where the event revokes."""
    reason: str = field(repr=False)
    by: str
    since: datetime
    until: datetime | None = None
    """When it ends; None where it lasts until it is revoked."""
    revokes: bool = False

    def holds(self, at: datetime) -> bool:
        """Say whether it is in effect at a time, unless another event follows it."""
        return not self.revokes and self.since <= at and (self.until is None or at < self.until)


def overrides_at(events: Iterable[OverrideEvent], at: datetime) -> Mapping[str, OverrideEvent]:
    """Return by field what is in effect at a time. Events are in the order in which they were recorded.

    Of a field the last event of each member counts that has begun: what came before it stays replaced when it ends. Of
    those in effect the latest counts, so that what ended for one member ends nothing that was said of another.
    """
    last: dict[tuple[str, str], OverrideEvent] = {}
    for event in sorted(events, key=lambda event: event.since):
        if event.since <= at:
            # Taken out first, so that the latest stands last.
            last.pop((event.customer_key, event.name), None)
            last[event.customer_key, event.name] = event
    return {event.name: event for event in last.values() if event.holds(at)}


def overridden(customer: Customer, overrides: Mapping[str, OverrideEvent]) -> Customer:
    """Return the golden record with what is overridden in it."""
    if not overrides:
        return customer
    fields, provenance = dict(customer.fields), dict(customer.provenance)
    for name, event in overrides.items():
        for part in POSTAL_FIELDS if name == ADDRESS else (name,):
            fields.pop(part, None)
            provenance.pop(part, None)
        values = event.value if name == ADDRESS and event.value is not None else {name: event.value}
        said = {part: value for part, value in values.items() if value is not None}
        fields |= said
        origin = Provenance(source=OVERRIDE, as_of=event.since, verified=True, row=OVERRIDE)
        provenance |= dict.fromkeys(said, origin)
    return Customer(customer_key=customer.customer_key, fields=fields, provenance=provenance)
