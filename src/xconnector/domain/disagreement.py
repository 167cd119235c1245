"""Where sources say different things of one customer, however they write them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from operator import attrgetter
from typing import Any

from xconnector.domain.comparable import comparable
from xconnector.domain.customer import POSTAL_FIELDS, CustomerRecord
from xconnector.domain.customer_statements import statements_of
from xconnector.domain.survivorship import ADDRESS

WrittenAlike = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Brings what one source says into one form, such as telephone numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What two sources say of one field of one customer."""

    name: str
    """The field; `address` for the parts of the address that both give."""
    source: str
    other: str
    """Sorts behind the source."""
    value: Any = field(repr=False)
    other_value: Any = field(repr=False)
    differs: bool


def compared(
    records: Iterable[CustomerRecord],
    alike: WrittenAlike,
    *,
    names: Collection[str] = (),
    sources: Collection[str] = (),
) -> Iterator[Comparison]:
    """Yield each field of one customer that two sources give, by the names of the sources.

    Given `names` only these fields are compared, and given `sources` only these with one another. Case, blanks, commas
    and full stops make no difference, nor what `alike` writes alike.
    """
    said = _by_source(records, sources)
    if len(said) < 2:  # noqa: PLR2004 - of one there is nothing to compare
        return
    speaking = {source: _Speaking(values, alike) for source, values in said.items()}
    for (source, one), (other, another) in combinations(speaking.items(), 2):
        for name in one.units.keys() & another.units.keys():
            if not names or name in names:
                yield Comparison(
                    name=name,
                    source=source,
                    other=other,
                    value=one.units[name],
                    other_value=another.units[name],
                    differs=one.differs(another, name),
                )


def _by_source(records: Iterable[CustomerRecord], sources: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return what each source says, of several members what it said last, by the names of the sources."""
    found: dict[str, dict[str, Any]] = {}
    statements = [one for one in statements_of(records) if not sources or one.source in sources]
    for statement in sorted(statements, key=attrgetter("as_of")):
        found.setdefault(statement.source, {}).update(statement.values)
    return {source: found[source] for source in sorted(found)}


class _Speaking:
    """One source, and what it says in the form in which it is compared."""

    def __init__(self, values: Mapping[str, Any], alike: WrittenAlike) -> None:
        self.values = values
        self._alike = alike
        self._written_alike: Mapping[str, Any] | None = None
        self.units: dict[str, Any] = {name: value for name, value in values.items() if name not in POSTAL_FIELDS}
        if address := {name: values[name] for name in POSTAL_FIELDS if name in values}:
            self.units[ADDRESS] = address

    def differs(self, other: "_Speaking", name: str) -> bool:
        parts = POSTAL_FIELDS if name == ADDRESS else (name,)
        both = [part for part in parts if part in self.values and part in other.values]
        return any(self._differs(other, part) for part in both)

    def _differs(self, other: "_Speaking", name: str) -> bool:
        one, another = self.values[name], other.values[name]
        if one == another or comparable(name, one) == comparable(name, another):
            return False
        return comparable(name, self.written_alike[name]) != comparable(name, other.written_alike[name])

    @property
    def written_alike(self) -> Mapping[str, Any]:
        # Only asked where something differs: it costs more than all the rest.
        if self._written_alike is None:
            self._written_alike = self._alike(self.values)
        return self._written_alike
