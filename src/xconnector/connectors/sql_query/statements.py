"""The statements around the project's query: one page of a round, in the order of cursor and key."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import LiteralString, cast

from psycopg import sql

from xconnector.connectors.sql_query.settings import SqlQuerySettings

_NAMED = re.compile(r"^-- name: (\w+)\n-- .+\n((?:.|\n)+?);$", re.MULTILINE)
_TIMES = frozenset({1082, 1114})
_NUMBERS = frozenset({20, 21, 23, 1700})
_MOMENT = 1184


class CursorKind(StrEnum):
    """How a cursor can be reckoned with."""

    TIME = "time"
    MOMENT = "moment"
    """A time with its zone: it says when the row changed."""
    NUMBER = "number"
    OTHER = "other"
    """Texts and the like have an order, and no distance."""


class Behind(StrEnum):
    """Where a page begins."""

    NOTHING = "nothing"
    CURSOR = "cursor"
    ROW = "row"


def kind_of(type_oid: int) -> CursorKind:
    """Return how values of a type of PostgreSQL can be reckoned with."""
    if type_oid == _MOMENT:
        return CursorKind.MOMENT
    return CursorKind.TIME if type_oid in _TIMES else CursorKind.NUMBER if type_oid in _NUMBERS else CursorKind.OTHER


@dataclass(frozen=True, slots=True)
class Statements:
    """What is asked of the database; the project's query stands in each as a table of its own."""

    settings: SqlQuerySettings

    @property
    def ordering(self) -> Sequence[str]:
        """The columns by which rows are ordered."""
        return (self.settings.cursor, *(name for name in self.settings.key if name != self.settings.cursor))

    def columns(self) -> sql.Composed:
        return _named("columns").format(query=self._query)

    def snapshot(self) -> sql.SQL:
        return _named("snapshot")

    def before(self, kind: CursorKind) -> sql.SQL:
        """The cursor that is so far before another; parameters `low` and `overlap`."""
        names = {CursorKind.NUMBER: "number_before", CursorKind.MOMENT: "moment_before"}
        return _named(names.get(kind, "time_before"))

    def unordered(self) -> sql.Composed:
        """Rows that have no place in the order; parameter `at_most`."""
        lacking = sql.SQL(" OR ").join(sql.SQL("{} IS NULL").format(_column(name)) for name in self.ordering)
        return _named("unordered").format(query=self._query, lacking=lacking)

    def page(self, behind: Behind) -> sql.Composed:
        """One page; parameters `at_most`, and `row0`, `row1`… of the row behind which it begins, or `start`."""
        order = sql.SQL(", ").join(_column(name) for name in self.ordering)
        row = sql.SQL(", ").join(sql.Placeholder(f"row{number}") for number in range(len(self.ordering)))
        conditions = {
            Behind.NOTHING: sql.SQL("true"),
            Behind.CURSOR: sql.SQL("{} >= %(start)s").format(_column(self.settings.cursor)),
            Behind.ROW: sql.SQL("({}) > ({})").format(order, row),
        }
        return _named("page").format(
            texts=sql.SQL(", ").join(sql.SQL("{}::text").format(_column(name)) for name in self.ordering),
            query=self._query,
            behind=conditions[behind],
            present=sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(_column(name)) for name in self.ordering),
            order=order,
        )

    @property
    def _query(self) -> sql.SQL:
        # The project's own words; percent signs in them are no parameters.
        return sql.SQL(cast("LiteralString", self.settings.query.replace("%", "%%")))


def parameters_of(row: Sequence[str]) -> Mapping[str, str]:
    """Return the parameters that name a row by its places in the order."""
    return {f"row{number}": value for number, value in enumerate(row)}


def _column(name: str) -> sql.Composed:
    return sql.SQL("asked.{}").format(sql.Identifier(name))


def _named(name: str) -> sql.SQL:
    return _statements()[name]


@cache
def _statements() -> Mapping[str, sql.SQL]:
    text = files("xconnector.connectors.sql_query").joinpath("statements.sql").read_text(encoding="utf-8")
    return {found[1]: sql.SQL(cast("LiteralString", found[2])) for found in _NAMED.finditer(text)}
