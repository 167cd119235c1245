"""Consents and suppressions that people record: checked, kept, never rewritten."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime

from xconnector.domain.consent import ALL, PROMOTIONAL, ConsentAction, ConsentEvent
from xconnector.domain.golden import Survivorship
from xconnector.domain.routing.plan import Medium
from xconnector.domain.suppression import SuppressionAction, SuppressionEvent, SuppressionReason, address_of
from xconnector.postgres.connect import Pool, in_transaction
from xconnector.store import consents, customers, suppressions

BY_HAND = "xconnector customers"
"""The source of what a person types."""
_FIRST_YEAR = 1900
_OF_AN_ADDRESS = frozenset({SuppressionReason.ADDRESS, SuppressionReason.RETURNED_MAIL})


class ConsentError(ValueError):
    """What was said cannot be recorded like this; the message says what to write."""


def refuse_odd(event: ConsentEvent, categories: Collection[str]) -> None:
    """Raises ConsentError for a word that would mean nothing, or not what it seems to. The message names no value."""
    texts = (event.customer_key, event.wording, event.language, event.evidence, event.actor, event.source)
    if not event.customer_key or any("\0" in text for text in texts if text):
        raise ConsentError("the customer must be named, and no text may hold a zero byte")
    if event.occurred_at.year < _FIRST_YEAR:
        raise ConsentError(f"nobody consented before {_FIRST_YEAR}; write the day on which it was said")
    scopes = [ALL, PROMOTIONAL, *sorted(categories)]
    if event.scope not in scopes:
        raise ConsentError(f"the scope is no category of this project; use one of {', '.join(scopes)}")
    if event.action is not ConsentAction.GRANT and (event.basis or event.expires_on or event.shown):
        raise ConsentError("basis, expiry and shown access belong to a grant; leave them out")


async def record_consent(pool: Pool, event: ConsentEvent, *, categories: Collection[str]) -> bool:
    """Keep what a customer said; False when exactly this was known already.

    `categories` are those of the project. Raises ConsentError.
    """
    refuse_odd(event, categories)
    return await in_transaction(pool, lambda connection: consents.add(connection, [event])) == 1


async def suppress(
    pool: Pool,
    customer_key: str,
    medium: Medium,
    reason: SuppressionReason,
    *,
    rules: Survivorship,
    actor: str,
    note: str | None,
) -> None:
    """Let a customer's medium not be used from now on.

    For a reason that speaks of an address that is the present one, by the project's rules, and the next one is free
    again.

    Raises ConsentError when it speaks of an address and none is known.
    """
    address = await _present_address(pool, customer_key, medium, rules) if reason in _OF_AN_ADDRESS else None
    entry = _entry(customer_key, medium, SuppressionAction.SUPPRESSED, reason, actor=actor, note=note)
    await _list(pool, replace(entry, address=address))


async def allow(
    pool: Pool, customer_key: str, medium: Medium, reason: SuppressionReason | None, *, actor: str, note: str | None
) -> None:
    """Lift what keeps a customer's medium from being used: for one reason, or None for all.

    What the customer withdrew stays withdrawn: only the customer gives it back.
    """
    await _list(pool, _entry(customer_key, medium, SuppressionAction.LIFTED, reason, actor=actor, note=note))


def _entry(
    customer_key: str,
    medium: Medium,
    action: SuppressionAction,
    reason: SuppressionReason | None,
    *,
    actor: str,
    note: str | None,
) -> SuppressionEvent:
    """Return what somebody says at this moment, about whatever address the customer has."""
    now = datetime.now(UTC)
    return SuppressionEvent(
        customer_key=customer_key,
        medium=medium,
        action=action,
        reason=reason,
        occurred_at=now,
        recorded_at=now,
        source=BY_HAND,
        actor=actor,
        note=note,
    )


async def _list(pool: Pool, entry: SuppressionEvent) -> None:
    await in_transaction(pool, lambda connection: suppressions.add(connection, [entry]))


async def _present_address(pool: Pool, customer_key: str, medium: Medium, rules: Survivorship) -> str:
    now = datetime.now(UTC)
    golden = await in_transaction(
        pool, lambda connection: customers.golden_records(connection, [customer_key], rules, at=now)
    )
    known = golden.get(customer_key)
    address = address_of(known.fields, medium) if known else None
    if address is None:
        raise ConsentError(f"no {medium} address of this customer is known; give a reason that is not about an address")
    return address
