"""Tables of the checks, asked: the row that answers, what it means, and the step that is kept of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, Generic, Protocol, TypeVar

from xconnector.domain.decision.deciding import DecisionError, Inputs, compiled
from xconnector.domain.decision.table import DecisionTable, Row
from xconnector.domain.routing.check_outputs import (
    Demand,
    Hours,
    Permission,
    Price,
    Wish,
    demand_of,
    hours_of,
    permission_of,
    price_of,
    wish_of,
)
from xconnector.domain.routing.media import listed
from xconnector.domain.routing.place import Place, spelled_place
from xconnector.domain.routing.plan import Medium, Suppression
from xconnector.domain.routing.policy import Check, Step

_MOST_REMEMBERED = 256


class _Meaning(Protocol):
    """What a row means."""

    @property
    def words(self) -> str: ...

    @property
    def takes_away(self) -> bool: ...


_Meant = TypeVar("_Meant", bound=_Meaning)


class AskedTable(Generic[_Meant]):
    """One table in one check. What a row means is read once, however often it answers."""

    def __init__(self, check: Check, table: DecisionTable, meaning_of: Callable[[DecisionTable, Row], _Meant]) -> None:
        self._check = check
        self._table = table
        self._meaning_of = meaning_of
        self._decide = compiled(table).one
        self._answers: dict[tuple[str, Medium | None, str], tuple[Step, _Meant]] = {}

    def answer(
        self, inputs: Inputs, day: date, *, medium: Medium | None = None, connection: str = ""
    ) -> tuple[Step, _Meant]:
        """Return what the table says of these inputs, about a medium and a connection where it is asked about one.

        Raises DecisionError.
        """
        try:
            return self.told(self._decide(inputs, day).row, medium=medium, connection=connection)
        except DecisionError as error:
            asked = Place(check=self._check, table=self._table.name, medium=medium, connection=connection or None)
            error.place = spelled_place(asked)
            raise

    def told(self, row: Row, *, medium: Medium | None = None, connection: str = "") -> tuple[Step, _Meant]:
        """Return what one row of the table says.

        Raises DecisionError.
        """
        about = (row.id, medium, connection)
        answer = self._answers.get(about)
        if answer is None:
            meant = self._meaning_of(self._table, row)
            said = f"{connection} {meant.words}" if connection else meant.words
            answer = self._answers[about] = (
                self._step(row, said, medium, connection, takes_away=meant.takes_away),
                meant,
            )
        return answer

    def _step(self, row: Row, said: str, medium: Medium | None, connection: str, *, takes_away: bool) -> Step:
        return Step(
            check=self._check,
            table=self._table.name,
            table_sha256=self._table.sha256,
            row=row.id,
            said=said,
            cite=row.cite,
            medium=medium,
            connection=connection or None,
            takes_away=takes_away,
        )


def forbidden_by_law(step: Step, demand: Demand, medium: Medium) -> Step | None:
    """Return the step that takes a medium away because a demand allows others only; None where it allows it."""
    if demand.media is None or medium in demand.media:
        return None
    return replace(step, said=f"only {listed(demand.media)} may be used", medium=medium, takes_away=True)


def default_step(mandate: Step, wish: Wish, connection: str, medium: Medium) -> Step:
    """Return the step that puts the default last, by the row that wants it sent."""
    is_overruled = isinstance(wish.proposed, Suppression)
    why = "it must be sent, so that it is not suppressed" if is_overruled else "it must be sent"
    return replace(mandate, check=Check.DEFAULT, said=f"{why}: {connection} stands last", medium=medium)


def demands(table: DecisionTable) -> AskedTable[Demand]:
    return _asked(Check.MUST_SEND, table, demand_of)


def permissions(check: Check, table: DecisionTable) -> AskedTable[Permission]:
    return _asked(check, table, permission_of)


def wishes(table: DecisionTable) -> AskedTable[Wish]:
    return _asked(Check.PREFERENCE, table, wish_of)


def hours(table: DecisionTable) -> AskedTable[Hours]:
    return _asked(Check.QUIET_HOURS, table, hours_of)


def prices(table: DecisionTable) -> AskedTable[Price]:
    return _asked(Check.COST, table, price_of)


_REMEMBERED: dict[tuple[Check, str], AskedTable[Any]] = {}
"""By digest, under which no table ever says anything else; by the table itself, equal ones were compared row by row."""


def _asked(
    check: Check, table: DecisionTable, meaning_of: Callable[[DecisionTable, Row], _Meant]
) -> AskedTable[_Meant]:
    key = check, table.sha256
    asked = _REMEMBERED.get(key)
    if asked is None:
        if len(_REMEMBERED) >= _MOST_REMEMBERED:
            _REMEMBERED.clear()
        asked = _REMEMBERED[key] = AskedTable(check, table, meaning_of)
    return asked
