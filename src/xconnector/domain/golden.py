"""The customer's golden record, computed from what the sources say of them by a project's table of survivorship."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from xconnector.domain.customer import POSTAL_FIELDS, Customer, CustomerRecord, Provenance
from xconnector.domain.customer_statements import Statement, statements_of
from xconnector.domain.override import OverrideEvent, overridden, overrides_at
from xconnector.domain.survivorship import OTHERS, Candidate, Chooser, SurvivorshipRow

_POSTAL = frozenset(POSTAL_FIELDS)
_NO_ROW = SurvivorshipRow(row="", fields=(OTHERS,))
"""What holds where no row does: the most recent value."""


class Survivorship:
    """A table of survivorship, compiled."""

    def __init__(self, rows: Iterable[SurvivorshipRow] = ()) -> None:
        self.rows: Sequence[SurvivorshipRow] = tuple(rows)
        """At most one for each field, and one for all others."""
        self._row_of_others = next((row for row in self.rows if row.fields == (OTHERS,)), _NO_ROW)
        # Where all others go by recency alone, they are merged at once instead of one by one.
        self._others = None if self._row_of_others.is_plain else Chooser(self._row_of_others)
        self._choosers = {name: one for one in map(Chooser, self.rows) for name in one.row.fields if name != OTHERS}
        # The parts of an address stand together whether or not a row says so.
        if self._others is not None and _POSTAL.isdisjoint(self._choosers):
            self._choosers |= dict.fromkeys(POSTAL_FIELDS, self._address())

    def golden(
        self,
        customer_key: str,
        records: Iterable[CustomerRecord],
        overrides: Sequence[OverrideEvent] = (),
        *,
        at: datetime,
    ) -> Customer:
        """Merge what the sources say, as of a time; what somebody overrides beats it.

        Records of one source are in the order in which they came; among the sources no order matters. Overrides are
        in the order in which they were recorded.
        """
        statements = statements_of(records)
        contests: dict[str, list[Candidate]] = {}
        if self._choosers or self._others is not None:
            statements = [self._uncontested(statement, contests) for statement in statements]
        fields, provenance = _most_recent(statements, self._row_of_others.row)
        for name, candidates in contests.items():
            chooser = self._choosers.get(name) or self._others
            winner = chooser.choose(candidates, at) if chooser is not None else None
            if chooser is not None and winner is not None:
                fields |= winner.values
                provenance |= _origins(winner, chooser.row.row)
        customer = Customer(customer_key=customer_key, fields=fields, provenance=provenance)
        return overridden(customer, overrides_at(overrides, at)) if overrides else customer

    def decided_with(self, names: Iterable[str]) -> frozenset[str]:
        """Return these fields and all that stand together with them: what the golden values of these are made of."""
        return frozenset(one for name in names for one in (name, *self.chooser_of(name).row.fields))

    def chooser_of(self, name: str) -> Chooser:
        """Return what chooses the value of a field, and of those that stand together with it."""
        if name in self._choosers:
            return self._choosers[name]
        return self._address() if name in _POSTAL else Chooser(replace(self._row_of_others, fields=(name,)))

    def _address(self) -> Chooser:
        return Chooser(replace(self._row_of_others, fields=POSTAL_FIELDS))

    def _uncontested(self, statement: Statement, contests: dict[str, list[Candidate]]) -> Statement:
        """Return what of a statement goes by recency alone; the rest joins the contests, by the first of its fields."""
        plain: dict[str, Any] = {}
        contested: dict[str, dict[str, Any]] = {}
        for name, value in statement.values.items():
            chooser = self._choosers.get(name, self._others)
            if chooser is None:
                plain[name] = value
            elif len(chooser.row.fields) == 1:
                contested[name] = {name: value}
            else:
                contested.setdefault(chooser.row.fields[0], {})[name] = value
        for name, values in contested.items():
            _join(contests.setdefault(name, []), _candidate(statement, values))
        return statement._replace(values=plain)


MOST_RECENT = Survivorship()
"""Per field the most recent value; what holds where a project says nothing."""


def golden_record(customer_key: str, records: Iterable[CustomerRecord]) -> Customer:
    """Merge what the sources say: per field the most recent value wins.

    A tie goes to the source whose name sorts first, so that the order of arrival never matters.
    The parts of the postal address stand or fall together: never a street of one source with the
    city of another. What a source says of one member of the customer takes back nothing that it said of another.
    """
    fields, provenance = _most_recent(statements_of(records), "")
    return Customer(customer_key=customer_key, fields=fields, provenance=provenance)


def candidates_of(chooser: Chooser, statements: Iterable[Statement]) -> list[Candidate]:
    """Return what each source gives of the fields of a chooser, by the names of sources, members and rows."""
    candidates: list[Candidate] = []
    for statement in statements:
        values = {name: statement.values[name] for name in chooser.row.fields if name in statement.values}
        if values:
            _join(candidates, _candidate(statement, values))
    return candidates


def _candidate(statement: Statement, values: Mapping[str, Any]) -> Candidate:
    return Candidate(
        statement.as_of,
        statement.source,
        statement.member,
        statement.verified,
        values,
        heard_again=statement.heard_again,
        source_row=statement.source_row,
    )


def _join(candidates: list[Candidate], candidate: Candidate) -> None:
    """Add a candidate, or what its source said later of other fields that stand together."""
    last = candidates[-1] if candidates else None
    if last is not None and last.speaker == candidate.speaker:
        candidates[-1] = last.joined(candidate)
    else:
        candidates.append(candidate)


def _origins(winner: Candidate, row: str) -> dict[str, Provenance]:
    return {
        name: Provenance(source=winner.source, as_of=winner.when(name), verified=name in winner.vouched, row=row)
        for name in winner.values
    }


def _most_recent(statements: list[Statement], row: str) -> tuple[dict[str, Any], dict[str, Provenance]]:
    """Return fields and their provenance where the most recent value of each wins."""
    fields: dict[str, Any] = {}
    provenance: dict[str, Provenance] = {}
    if len(statements) > 1:
        # Oldest first; within one instant the winner last.
        statements.reverse()
        statements.sort(key=attrgetter("as_of"))
    for as_of, source, _, values, verified, _, _ in statements:
        if fields and not _POSTAL.isdisjoint(values):
            for name in POSTAL_FIELDS:
                fields.pop(name, None)
                provenance.pop(name, None)
        fields.update(values)
        provenance.update(dict.fromkeys(values, Provenance(source=source, as_of=as_of, row=row)))
        if verified:
            origin = Provenance(source=source, as_of=as_of, verified=True, row=row)
            provenance.update(dict.fromkeys(verified & values.keys(), origin))
    return fields, provenance
