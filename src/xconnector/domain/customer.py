"""The customer's golden record: every field from the source that spoke of it last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

POSTAL_FIELDS = ("address_lines", "postcode", "city", "region", "country")
_TEXT_FIELDS = frozenset(
    {
        *("title", "first_name", "last_name", "company", "postcode", "city", "region", "country", "language"),
        *("email", "mobile", "preference", "alternate_format", "birth_date", "deceased_on"),
    }
)


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
    city of another. A number that a source gives where text belongs, such as a postcode, is its
    digits; what is no single value there says nothing.
    """
    fields: dict[str, Any] = {}
    provenance: dict[str, Provenance] = {}
    # Oldest first; within one instant the winner last.
    by_recency = sorted(records, key=lambda record: record.source, reverse=True)
    for record in sorted(by_recency, key=lambda record: record.as_of):
        origin = Provenance(source=record.source, as_of=record.as_of)
        said = _said(record)
        if any(name in said for name in POSTAL_FIELDS):
            for name in POSTAL_FIELDS:
                fields.pop(name, None)
                provenance.pop(name, None)
        fields |= said
        provenance |= dict.fromkeys(said, origin)
    return Customer(customer_key=customer_key, fields=fields, provenance=provenance)


def latest_of(records: Sequence[CustomerRecord]) -> list[CustomerRecord]:
    """Return what one source says of one customer by now, oldest first: each field once, as of when it last said it.

    `records` are in the order in which they came. The golden record of what is returned is that of all of them.
    """
    if not records:
        return []
    *earlier, last = records
    said = _said(last)
    # By far the most frequent: what came last names everything anew.
    if said and all(record.as_of <= last.as_of and record.fields.keys() <= said.keys() for record in earlier):
        return [replace(last, fields=said)]
    latest = golden_record(last.customer_key, records)
    by_time: dict[datetime, dict[str, Any]] = {}
    for name, value in latest.fields.items():
        by_time.setdefault(latest.provenance[name].as_of, {})[name] = value
    return [replace(last, as_of=as_of, fields=by_time[as_of]) for as_of in sorted(by_time)]


def _said(record: CustomerRecord) -> dict[str, Any]:
    """The fields of which the record says something."""
    values = {name: _golden_value(name, given) for name, given in record.fields.items()}
    return {name: value for name, value in values.items() if value is not None}


def _golden_value(name: str, given: object) -> object:
    if name == "address_lines":
        lines = cast("list[object]", given) if isinstance(given, list) else [given]
        return [line for each in lines if (line := _text(each)) is not None]
    return _text(given) if name in _TEXT_FIELDS else given


def _text(given: object) -> str | None:
    if isinstance(given, str):
        return given
    is_number = isinstance(given, int | float | Decimal) and not isinstance(given, bool)
    return str(given) if is_number else None
