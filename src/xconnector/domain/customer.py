"""The customer's golden record: every field from the source that spoke of it last."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

POSTAL_FIELDS = ("address_lines", "postcode", "city", "country")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRecord:
    """What one source says of a customer, as of a time. A field it does not name it says nothing about."""

    customer_key: str
    source: str
    as_of: datetime
    fields: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a golden value came from."""

    source: str
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """The golden record, with the provenance of each field."""

    customer_key: str
    fields: Mapping[str, Any] = field(repr=False)
    provenance: Mapping[str, Provenance]


def golden_record(customer_key: str, records: Iterable[CustomerRecord]) -> Customer:
    """Merge what the sources say: per field the most recent value wins.

    A tie goes to the source whose name sorts first, so that the order of arrival never matters.
    The parts of the postal address stand or fall together: never a street of one source with the
    city of another.
    """
    fields: dict[str, Any] = {}
    provenance: dict[str, Provenance] = {}
    # Oldest first; within one instant the winner last.
    by_recency = sorted(records, key=lambda record: record.source, reverse=True)
    for record in sorted(by_recency, key=lambda record: record.as_of):
        origin = Provenance(source=record.source, as_of=record.as_of)
        if any(name in record.fields for name in POSTAL_FIELDS):
            for name in POSTAL_FIELDS:
                fields.pop(name, None)
                provenance.pop(name, None)
        for name, value in record.fields.items():
            fields[name] = value
            provenance[name] = origin
    return Customer(customer_key=customer_key, fields=fields, provenance=provenance)
