"""Places: where in the order of checks a table was asked, and what it saw there.

A decision is recorded as the row that answered at each place, so that a table can be asked again as it was asked then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from xconnector.domain.routing.plan import Medium, ProofOfMailing
from xconnector.domain.routing.policy import PERMISSIONS, Check, Facts, Step

_ASKED_BY_MEDIUM = frozenset({*PERMISSIONS, Check.QUIET_HOURS, Check.COST})
_MOST_REMEMBERED = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One question of the order of checks."""

    check: Check
    table: str
    medium: Medium | None = None
    """The medium asked about; none for tables that see what is common to all."""
    connection: str | None = None
    """The connection asked about, for costs."""

    @property
    def is_question(self) -> bool:
        """Whether the table was asked here; elsewhere an answer that it gave before is only told again."""
        return self.check in _ASKED_BY_MEDIUM or (self.check is not Check.DEFAULT and self.medium is None)


def place_of(step: Step) -> Place:
    return Place(check=step.check, table=step.table, medium=step.medium, connection=step.connection)


def spelled_place(of: Step | Place) -> str:
    """Return a place, or that of a step, as text: `preference/routing`, `consent/eu/email`, `cost/costs/sms/relay`."""
    place = f"{of.check}/{of.table}"
    if of.medium is None:
        return place
    return f"{place}/{of.medium}" if of.connection is None else f"{place}/{of.medium}/{of.connection}"


@lru_cache(maxsize=_MOST_REMEMBERED)
def read_place(text: str) -> Place:
    """Return the place that a text spells.

    Raises ValueError when it spells none.
    """
    check, _, rest = text.partition("/")
    table, _, about = rest.partition("/")
    medium, _, connection = about.partition("/")
    if not table:
        raise ValueError("a place is a check and a table, such as preference/routing")
    return Place(
        check=Check(check), table=table, medium=Medium(medium) if medium else None, connection=connection or None
    )


def inputs_at(
    place: Place, facts: Facts, *, is_mandatory: bool, proof: ProofOfMailing | None = None
) -> Mapping[str, Any]:
    """Return what a table sees at a place; `proof` is that of the hop whose costs are asked."""
    if place.check not in _ASKED_BY_MEDIUM or place.medium is None:
        return facts.common
    inputs = inputs_of_medium(facts, place.medium, is_mandatory=is_mandatory)
    return inputs_of_costs(inputs, place.connection, proof) if place.check is Check.COST else inputs


def inputs_of_medium(facts: Facts, medium: Medium, *, is_mandatory: bool) -> Mapping[str, Any]:
    """Return what a table sees that is asked about a medium."""
    return {**facts.common, **facts.by_medium.get(medium, {}), "medium": medium.value, "mandatory": is_mandatory}


def inputs_of_costs(
    of_medium: Mapping[str, Any], connection: str | None, proof: ProofOfMailing | None
) -> Mapping[str, Any]:
    """Return what a table of costs sees, by what is seen of its medium."""
    return {**of_medium, "connection": connection, "proof": None if proof is None else proof.value}
