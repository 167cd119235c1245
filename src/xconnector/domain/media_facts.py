"""What the order of checks sees of each medium: whether it is suppressed, and what the customer agreed to."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from xconnector.domain.consent import ConsentEvent, ConsentState, consent_state, golden_consents
from xconnector.domain.customer import Customer
from xconnector.domain.routing.plan import Medium
from xconnector.domain.suppression import SuppressionEvent, SuppressionReason, address_of, suppression_of


def facts_of_media(
    customer: Customer,
    consents: Sequence[ConsentEvent],
    suppressions: Sequence[SuppressionEvent],
    *,
    category: str,
    promotional: bool,
    at: datetime,
    media: Collection[Medium],
) -> dict[Medium, dict[str, Any]]:
    """Return by medium the inputs that speak of it, for a communication of this category.

    `consents` and `suppressions` are all that is recorded of the customer; what the golden record says of consent is
    added here. `at` is the moment of sending, in the time zone in which days are counted.
    """
    said = [*consents, *golden_consents(customer, at)]
    return {
        medium: _facts(
            medium,
            _suppressed(customer, suppressions, medium, at),
            consent_state(said, medium=medium, category=category, promotional=promotional, at=at),
        )
        for medium in media
    }


def _suppressed(
    customer: Customer, suppressions: Sequence[SuppressionEvent], medium: Medium, at: datetime
) -> str | None:
    if not suppressions:
        return None
    found = suppression_of(suppressions, medium=medium, address=address_of(customer.fields, medium), at=at)
    return None if found is None else (found.reason or SuppressionReason.OTHER).value


def _facts(medium: Medium, suppressed: str | None, consent: ConsentState) -> dict[str, Any]:
    return {
        "medium": medium.value,
        "suppressed": suppressed,
        "consent": consent.status.value,
        "consent.basis": consent.basis.value if consent.basis else None,
        "consent.days": consent.days,
        "consent.shown": consent.shown,
    }
