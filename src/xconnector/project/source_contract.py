"""The contract of a source: what the records of a feed promise, as JSON Schema, and what is promised of a whole run.

Not to be confused with the data contract of a communication, which says what its template relies on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any, Protocol

from jsonschema_rs import ValidationError

from xconnector.domain.record_path import RecordPath
from xconnector.domain.volume import Volume
from xconnector.project.contract_breach import told

_MOST_SHOWN = 5
_MOST_LOOKED_AT = 20


class Validator(Protocol):
    """A compiled JSON Schema."""

    def is_valid(self, instance: Any) -> bool: ...  # noqa: ANN401 - whatever JSON holds

    def iter_errors(self, instance: Any) -> Iterator[ValidationError]: ...  # noqa: ANN401 - whatever JSON holds


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRules:
    """What a contract promises beside the shape of each record."""

    owner: str | None = None
    """Who answers for the source; shown where it breaks its promise."""
    bad_share: Decimal = Decimal("0.05")
    """The largest share of records, from 0 to 1, that may break the contract before the feed stops."""
    volume: Volume | None = None
    """How many records a run has; None promises nothing."""
    unique: Sequence[RecordPath] = ()
    """Each of these has another value in every record of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceContract:
    """One contract, compiled."""

    name: str
    schema: Mapping[str, Any] = field(repr=False)
    rules: RunRules
    validator: Validator = field(repr=False)
    beside: Mapping[str, Mapping[str, Any]] = field(repr=False)
    """The other schemas of its folder, by file name: those that it may refer to."""
    names: frozenset[str] = field(repr=False)
    """Every name of a property that the schema speaks of: others may be content, and are shown nowhere."""

    def is_kept(self, record: Mapping[str, Any]) -> bool:
        """Say whether a record is what was promised."""
        return self.validator.is_valid(record)

    def breach(self, record: Mapping[str, Any]) -> str | None:
        """Return how a record breaks the contract, by paths and rules and without any value; None where it keeps it."""
        if self.validator.is_valid(record):
            return None
        errors = list(islice(self.validator.iter_errors(record), _MOST_LOOKED_AT))
        # The same rule broken by every item of a list is one thing to tell, and one cause is told in one order.
        found = sorted({told(error, self.names) for error in errors})
        more = len(found) - _MOST_SHOWN
        shown = "; ".join(found[:_MOST_SHOWN]) or "the record is not what was promised"
        return f"contract {self.name}: {shown}{f'; and {more} more' if more > 0 else ''}"
