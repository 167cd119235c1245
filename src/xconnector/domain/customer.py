"""What sources say of a customer, and the golden record that is made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

POSTAL_FIELDS = ("address_lines", "postcode", "city", "region", "country")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRecord:
    """What one source says of a customer, as of a time. A field it does not name it says nothing about.

    A field that is None or blank takes back what this source said of it before; what other sources say stays.
    """

    customer_key: str
    source: str
    as_of: datetime
    fields: Mapping[str, Any] = field(repr=False)
    verified: frozenset[str] = frozenset()
    """The names of the fields that the source vouches for."""
    replaces_all: bool = False
    """Whether all is taken back that was said before; without fields the source has deleted the customer.

    A row takes back what it said itself, and what the source said before without rows; who speaks without a row takes
    back what all rows said.
    """
    is_undated: bool = False
    """Whether the source named no time: `as_of` is when it was read. What it says again unchanged is then no news."""
    heard_again: datetime | None = None
    """When the source said all of this once more, without any change; None where it never did."""
    source_row: str = ""
    """The row of the source's table that says it, where the source tells changes of rows: several rows can speak of one
    customer, and none takes back what another says. Empty where the source speaks of the customer as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a golden value came from."""

    source: str
    as_of: datetime
    verified: bool = False
    """Whether the source vouches for it."""
    row: str = ""
    """The row of the project's table of survivorship that chose it; empty where no table did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """The golden record, with the provenance of each field."""

    customer_key: str
    fields: Mapping[str, Any] = field(repr=False)
    provenance: Mapping[str, Provenance]
