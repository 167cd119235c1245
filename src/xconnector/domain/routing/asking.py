"""Tables of the checks, asked: the row that answers, what it means, and the step that is kept of it."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Generic, Protocol, TypeVar

from xconnector.domain.decision.deciding import Inputs, compiled
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
from xconnector.domain.routing.plan import Medium
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
        row = self._decide(inputs, day).row
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


@lru_cache(maxsize=_MOST_REMEMBERED)
def demands(table: DecisionTable) -> AskedTable[Demand]:
    return AskedTable(Check.MUST_SEND, table, demand_of)


@lru_cache(maxsize=_MOST_REMEMBERED)
def permissions(check: Check, table: DecisionTable) -> AskedTable[Permission]:
    return AskedTable(check, table, permission_of)


@lru_cache(maxsize=_MOST_REMEMBERED)
def wishes(table: DecisionTable) -> AskedTable[Wish]:
    return AskedTable(Check.PREFERENCE, table, wish_of)


@lru_cache(maxsize=_MOST_REMEMBERED)
def hours(table: DecisionTable) -> AskedTable[Hours]:
    return AskedTable(Check.QUIET_HOURS, table, hours_of)


@lru_cache(maxsize=_MOST_REMEMBERED)
def prices(table: DecisionTable) -> AskedTable[Price]:
    return AskedTable(Check.COST, table, price_of)
