"""Overrides: what a person says of a customer's field beats what all sources say, while it lasts."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from xconnector.domain.customer import POSTAL_FIELDS
from xconnector.domain.override import OverrideEvent, overrides_at
from xconnector.domain.survivorship import ADDRESS
from xconnector.postgres.connect import Connection, Pool, in_transaction
from xconnector.project.customer_fields import CustomerFields
from xconnector.project.golden_values import GoldenValueError, golden_value
from xconnector.store import customers, overrides

_CONSENT = "email_consent"
_LONGEST_NAME = 200
_LONGEST_TEXT = 1000


class OverrideError(ValueError):
    """What was said cannot be recorded like this; the message says what to write, without the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """What somebody says of a customer's field, or that an earlier word on it ends."""

    customer_key: str
    name: str
    """The field; `address` for the whole postal address, with its parts by name."""
    value: Any = field(default=None, repr=False)
    """None where the customer has no such thing, and where it revokes."""
    reason: str = field(repr=False)
    by: str
    until: datetime | None = None
    """When it ends; None where it lasts until it is revoked."""
    revokes: bool = False


async def override(pool: Pool, said: Objection, fields: CustomerFields, *, now: datetime) -> None:
    """Record what somebody says of one of a project's fields, in the one form of its value; it counts from now on.

    What a field can never be is refused, since nobody else looks at it. Raises OverrideError, also where no source ever
    spoke of the customer, or where there is nothing to revoke.
    """
    _refuse_odd(said, now)
    value = None if said.revokes else _value(said, fields, now)
    event = OverrideEvent(
        customer_key=said.customer_key,
        name=said.name,
        value=value,
        reason=said.reason,
        by=said.by,
        since=now,
        until=said.until,
        revokes=said.revokes,
    )

    async def write(connection: Connection) -> None:
        known = await customers.statements(connection, [said.customer_key])
        if said.customer_key not in known:
            raise OverrideError("no source ever spoke of this customer; spell the key as the source does")
        await overrides.add(connection, await _revoking(connection, event) if said.revokes else event, now)

    await in_transaction(pool, write)


async def _revoking(connection: Connection, event: OverrideEvent) -> OverrideEvent:
    """Return the event as said of the member whose override is in effect. Raises OverrideError where none is."""
    events = (await overrides.of_customers(connection, [event.customer_key])).get(event.customer_key, [])
    revoked = overrides_at(events, event.since).get(event.name)
    if revoked is None:
        raise OverrideError("this field is not overridden; there is nothing to revoke")
    return replace(event, customer_key=revoked.customer_key)


def _refuse_odd(said: Objection, now: datetime) -> None:
    texts = (said.customer_key, said.name, said.reason, said.by)
    if not all(text.strip() for text in texts) or any("\0" in text for text in texts):
        raise OverrideError("customer, field, reason and who says it must be named, without a zero byte")
    if len(said.name) > _LONGEST_NAME or max(len(said.reason), len(said.by)) > _LONGEST_TEXT:
        raise OverrideError(f"a field has at most {_LONGEST_NAME} signs, a reason {_LONGEST_TEXT}")
    if said.name in POSTAL_FIELDS:
        raise OverrideError(f"the parts of an address stand together: override {ADDRESS!r} with all its parts")
    if said.name == _CONSENT:
        raise OverrideError("a consent is the customer's word: record it with `xconnector customers consent`")
    if said.until is not None and said.until <= now:
        raise OverrideError("it would have ended already; name a day to come")


def _value(said: Objection, fields: CustomerFields, now: datetime) -> object:
    if said.name != ADDRESS and not fields.knows(said.name):
        raise OverrideError(f"there is no field {said.name!r}: {fields.remedy(said.name, beside=[ADDRESS])}")
    if said.value is None:
        return None
    try:
        return golden_value(said.name, said.value, today=now.date())
    except GoldenValueError as wrong:
        raise OverrideError(str(wrong)) from None
