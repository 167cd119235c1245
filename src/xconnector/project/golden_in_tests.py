"""The golden record of a project's test: made of what its sources say and of its record, as in the pipeline."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from xconnector.domain.customer import POSTAL_FIELDS, Customer, CustomerRecord
from xconnector.domain.survivorship import ADDRESS
from xconnector.project.contact_forms import written_alike
from xconnector.project.expectation_file import GivenShape, StatementShape
from xconnector.project.mapping import Mapped
from xconnector.project.model import Project
from xconnector.project.rehearsing import NOON


def customer_of(project: Project, given: GivenShape, mapped: Mapped) -> Customer:
    """Return the customer of a test.

    Without statements it is what the record says, whatever the table of survivorship holds of its source.
    """
    if not given.statements:
        fields = {name: value for name, value in mapped.customer_fields.items() if value is not None}
        return Customer(customer_key=mapped.customer_key, fields={**fields, **given.customer}, provenance={})
    at = _noon(project, given.on)
    said = [_said(project, one, mapped.customer_key) for one in given.statements]
    record = CustomerRecord(
        customer_key=mapped.customer_key,
        source=given.source or _feed_of(project, given),
        as_of=at,
        fields=written_alike(mapped.customer_fields, project.home_country),
        verified=mapped.verified,
        replaces_all=mapped.is_deleted,
    )
    golden = project.survivorship.golden(mapped.customer_key, [*said, record], at=at)
    return Customer(
        customer_key=golden.customer_key, fields={**golden.fields, **given.customer}, provenance=golden.provenance
    )


def otherwise_golden(expected: Mapping[str, Any], customer: Customer) -> Iterator[str]:
    """Yield what is otherwise than expected of the golden record, with who said it."""
    for name, value in expected.items():
        if customer.fields.get(name) != value:
            origin = customer.provenance.get(name)
            row = f", row {origin.row}" if origin is not None and origin.row else ""
            told = f" of {origin.source}{row}" if origin is not None else ""
            yield f"the golden record has {customer.fields.get(name)!r}{told} as {name}, not {value!r}"


def _said(project: Project, one: StatementShape, customer_key: str) -> CustomerRecord:
    parts = POSTAL_FIELDS if ADDRESS in one.verified else ()
    return CustomerRecord(
        customer_key=customer_key,
        source=one.source,
        as_of=_noon(project, one.as_of),
        fields={} if one.deleted else written_alike(one.fields, project.home_country),
        verified=frozenset([*one.verified, *parts]),
        replaces_all=one.deleted,
    )


def _feed_of(project: Project, given: GivenShape) -> str:
    feed = project.feeds[given.feed] if given.feed else project.feed_of(given.event)
    return "" if feed is None else feed.name


def _noon(project: Project, day: date) -> datetime:
    return datetime.combine(day, NOON, ZoneInfo(project.locale.timezone)).astimezone(UTC)
