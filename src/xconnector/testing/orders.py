"""Orders of made-up customers, for whoever has documents composed: the suites, the tests and the bench."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from xconnector.contract.composer import Order
from xconnector.domain.document import RenditionKind

ALL_KINDS = frozenset({RenditionKind.LETTER, RenditionKind.EMAIL, RenditionKind.SMS})
"""What every composer makes, whoever plays it; a push message is a text as the short message is."""


def sample_order(number: int = 1, *, template: str, kinds: frozenset[RenditionKind] = ALL_KINDS) -> Order:
    """Return the order with this number: another number is another communication for another customer."""
    communication_id = UUID(int=0x0197_0000_0000_7000_8000_0000_0000_0000 + number)
    return Order(
        communication_id=communication_id,
        template=template,
        kinds=kinds,
        language="de",
        data=_data(number, str(communication_id)),
        issued_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
    )


def with_data(order: Order, **fields: object) -> Order:
    """Return the order with other values in its `data`; None takes a field away."""
    changed = {**order.data["data"], **fields}
    return replace(
        order, data={**order.data, "data": {name: value for name, value in changed.items() if value is not None}}
    )


def named(order: Order, name: str) -> Order:
    """Return the order for a customer of another name."""
    return replace(order, data={**order.data, "customer": {**order.data["customer"], "name": name}})


def _data(number: int, communication_id: str) -> dict[str, Any]:
    return {
        "communication": {
            "id": communication_id,
            "name": "policy_issued",
            "title": f"Ihre Börsenpolice Nr. {number}",
            "language": "de",
            "date": {"value": "2026-11-23", "text": "23. November 2026"},
        },
        "sender": {
            "name": "Aurora Versicherung AG",
            "address_lines": ["Kastanienallee 12", "10435 Berlin"],
            "email": "service@aurora.test",
            "phone": "+49 30 5550100",
            "website": "https://www.aurora.test",
        },
        "customer": {
            "key": f"KUNDE-{number:05}",
            "name": f"Jördis Sämann {number}",
            "title": "",
            "first_name": "Jördis",
            "last_name": f"Sämann {number}",
            "address_lines": [f"Jördis Sämann {number}", f"Lindenweg {number}", "10115 Berlin"],
            "language": "de",
            "country": "DE",
            "email": f"joerdis.saemann.{number}@customers.test",
            "mobile": f"+4915550{number:06}",
        },
        "data": {
            "policy_number": f"P-2026-{number:06}",
            "premium": {"value": 1234.5 + number, "text": f"1.{234 + number},50 €"},
            "starts_on": {"value": "2026-12-01", "text": "1. Dezember 2026"},
            "note": None,
            "coverages": [
                {"name": "Hausrat", "limit": {"value": 50000, "text": "50.000,00 €"}},
                {"name": "Glasbruch", "limit": {"value": 1500, "text": "1.500,00 €"}},
            ],
        },
    }
