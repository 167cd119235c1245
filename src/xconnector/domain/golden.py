"""The customer's golden record, computed from what the sources say of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from xconnector.domain.customer import POSTAL_FIELDS, Customer, CustomerRecord, Provenance
from xconnector.domain.customer_statements import latest_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Survivorship:
    """Which of the values that sources give of a field is the golden one."""

    def golden(self, customer_key: str, records: Iterable[CustomerRecord], *, at: datetime) -> Customer:
        """Merge what the sources say, as of a time.

        Records of one source are in the order in which they came; among the sources no order matters.
        """
        del at
        return golden_record(customer_key, records)


MOST_RECENT = Survivorship()
"""Per field the most recent value; what holds where a project says nothing."""


def golden_record(customer_key: str, records: Iterable[CustomerRecord]) -> Customer:
    """Merge what the sources say: per field the most recent value wins.

    A tie goes to the source whose name sorts first, so that the order of arrival never matters.
    The parts of the postal address stand or fall together: never a street of one source with the
    city of another. What a source says of one member of the customer takes back nothing that it said of another.
    """
    by_source: dict[tuple[str, str], list[CustomerRecord]] = {}
    for record in records:
        by_source.setdefault((record.source, record.customer_key), []).append(record)
    fields: dict[str, Any] = {}
    provenance: dict[str, Provenance] = {}
    # Oldest first; within one instant the winner last.
    latest = [record for source in sorted(by_source, reverse=True) for record in latest_of(by_source[source])]
    for record in sorted(latest, key=attrgetter("as_of")):
        said = {name: value for name, value in record.fields.items() if value is not None}
        if any(name in said for name in POSTAL_FIELDS):
            for name in POSTAL_FIELDS:
                fields.pop(name, None)
                provenance.pop(name, None)
        fields |= said
        vouched = record.verified & said.keys()
        for is_verified, names in ((True, vouched), (False, said.keys() - vouched)):
            origin = Provenance(source=record.source, as_of=record.as_of, verified=is_verified)
            provenance |= dict.fromkeys(names, origin)
    return Customer(customer_key=customer_key, fields=fields, provenance=provenance)
