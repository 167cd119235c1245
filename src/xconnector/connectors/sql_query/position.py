"""How far a query was read: where it stands within a round, and what may still appear behind it.

A row can become visible long after others with a later cursor: its transaction took longer. Each round therefore notes
which transactions were running when it began, and begins where the first round began over which one of those still ran.
"""

from dataclasses import dataclass
from typing import Self

import msgspec
import msgspec.structs

from xconnector.contract.errors import PermanentError

MOST_ROUNDS = 100
"""Rounds that are told apart; more are taken together, and more is read again."""


class Row(msgspec.Struct, frozen=True):
    """Where a row stands in the order of the query."""

    cursor: str
    key: tuple[str, ...]


class Round(msgspec.Struct, frozen=True):
    """A round over which others were writing."""

    ends: int
    """Every transaction that was running then has a number below this."""
    low: str | None
    """The cursor at which the round before it ended; None for the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Which transactions a look at the database could not see."""

    lowest: int
    """Every transaction below has ended."""
    ends: int


class Position(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a query was read."""

    cursor_column: str
    high: str | None = None
    """The cursor at which the round before ended."""
    top: str | None = None
    """The cursor at which this round would end."""
    at: Row | None = None
    """The last row that was given of this round; None between rounds."""
    rounds: tuple[Round, ...] = ()

    def begun(self, snapshot: Snapshot) -> tuple[Self, str | None]:
        """Begin a round; returns it with the cursor behind which it reads, None for everything."""
        start = self.rounds[0].low if self.rounds else self.high
        waiting = [one for one in self.rounds if one.ends > snapshot.lowest]
        if snapshot.lowest < snapshot.ends:
            waiting.append(Round(ends=snapshot.ends, low=self.high))
        if len(waiting) > MOST_ROUNDS:
            first, second, *rest = waiting
            waiting = [Round(ends=second.ends, low=first.low), *rest]
        return msgspec.structs.replace(self, top=self.high, rounds=tuple(waiting)), start

    def behind(self, last: Row) -> Self:
        """Go on within the round behind the last row that was given."""
        # Where rows were deleted the round may end below those before: then more is read again.
        return msgspec.structs.replace(self, at=last, top=last.cursor)

    def ended(self) -> Self:
        """End the round."""
        return msgspec.structs.replace(self, high=self.top, top=None, at=None)


_decoder = msgspec.json.Decoder(Position)


def read_position(text: str | None, *, cursor_column: str) -> Position:
    """Return the position of a text, and the beginning for None.

    Raises PermanentError where it is of another cursor.
    """
    if text is None:
        return Position(cursor_column=cursor_column)
    try:
        position = _decoder.decode(text)
    except msgspec.MsgspecError:
        position = None
    if position is None or position.cursor_column != cursor_column:
        raise PermanentError(
            f"what was read so far was read by another cursor than {cursor_column}; put it back, or begin anew with "
            "`xconnector feeds restart`"
        )
    return position


def write_position(position: Position) -> str:
    return msgspec.json.encode(position).decode()
