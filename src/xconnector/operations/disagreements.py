"""Disagreements: where sources say different things of the same customers, counted before a run goes out."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from xconnector.domain.customer import CustomerRecord
from xconnector.domain.disagreement import Comparison, WrittenAlike, compared
from xconnector.postgres.connect import Connection, Pool, reading
from xconnector.store import customers

AT_ONCE = 2000
"""Customers of a file that are read at once."""
LONGEST_KEY = 500
"""Signs of a customer's key in a file."""


class PopulationError(Exception):
    """The file does not name customers; the message names file and line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What is asked of whom."""

    alike: WrittenAlike
    """Brings what one source says into one form."""
    names: frozenset[str] = frozenset()
    """Only these fields; all by default."""
    sources: frozenset[str] = frozenset()
    """Only these with one another; all by default."""
    population: Path | None = None
    """A file with the key of a customer in each line; all customers by default."""
    most_samples: int = 5
    """Customers that are named of each field and pair of sources."""
    with_values: bool = False
    """Whether samples tell what the sources say, which is customer content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A customer of whom two sources say different things."""

    customer: str
    value: Any = field(default=None, repr=False)
    """None unless values are asked for."""
    other_value: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """How often two sources say different things of one field."""

    name: str
    source: str
    other: str
    both: int
    """Customers of whom both give the field."""
    differ: int
    """Those of them for whom they differ."""
    samples: Sequence[Sample]
    """The first of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisagreementReport:
    """What was found."""

    customers: int
    """Of whom any source speaks."""
    unknown: int
    """Keys of the file of whom no source speaks."""
    disagreements: Sequence[Disagreement]
    """The most frequent first."""


async def disagreements(pool: Pool, doubt: Doubt) -> DisagreementReport:
    """Compare what sources say of customers, page by page: memory does not grow with their number.

    Raises PopulationError.
    """
    counted = _Count(doubt)
    async with reading(pool) as connection:
        async for asked, said in _pages(connection, doubt.population):
            counted.unknown += asked - len(said)
            for customer_key, records in said.items():
                counted.compare(customer_key, records)
    return counted.report()


async def _pages(
    connection: Connection, population: Path | None
) -> AsyncIterator[tuple[int, Mapping[str, Sequence[CustomerRecord]]]]:
    """Yield how many customers were asked for, and what is said of those that are known."""
    if population is None:
        async for said in customers.all_statements(connection):
            yield len(said), said
        return
    with population.open("rb") as lines:
        keys = _keys(population.name, lines)
        while page := set(islice(keys, AT_ONCE)):
            yield len(page), await customers.statements(connection, sorted(page))


def _keys(file: str, lines: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        try:
            key = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError:
            raise PopulationError(f"{file}:{number}: the line is not UTF-8") from None
        if len(key) > LONGEST_KEY or "\0" in key:
            raise PopulationError(f"{file}:{number}: a line is the key of a customer, of at most {LONGEST_KEY} signs")
        if key:
            yield key


@dataclass(slots=True)
class _Tally:
    both: int = 0
    differ: int = 0
    samples: list[Sample] = field(default_factory=list[Sample])


class _Count:
    """Counts comparisons by field and pair of sources."""

    def __init__(self, doubt: Doubt) -> None:
        self._doubt = doubt
        self._customers = 0
        self.unknown = 0
        self._tallies: dict[tuple[str, str, str], _Tally] = {}

    def compare(self, customer_key: str, records: Sequence[CustomerRecord]) -> None:
        self._customers += 1
        doubt = self._doubt
        for one in compared(records, doubt.alike, names=doubt.names, sources=doubt.sources):
            tally = self._tallies.setdefault((one.name, one.source, one.other), _Tally())
            tally.both += 1
            if one.differs:
                tally.differ += 1
                if len(tally.samples) < doubt.most_samples:
                    tally.samples.append(self._sample(customer_key, one))

    def _sample(self, customer_key: str, one: Comparison) -> Sample:
        if not self._doubt.with_values:
            return Sample(customer=customer_key)
        return Sample(customer=customer_key, value=one.value, other_value=one.other_value)

    def report(self) -> DisagreementReport:
        found = [
            Disagreement(
                name=name, source=source, other=other, both=tally.both, differ=tally.differ, samples=tally.samples
            )
            for (name, source, other), tally in self._tallies.items()
            if tally.differ
        ]
        found.sort(key=lambda one: (-one.differ, one.name, one.source, one.other))
        return DisagreementReport(customers=self._customers, unknown=self.unknown, disagreements=found)
