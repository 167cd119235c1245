"""Answers of shadows, counted a batch at a time: rows are added and never changed, so that no batch waits for one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from xconnector.domain.routing.shadow import ShadowAnswer
from xconnector.postgres.connect import Connection, copy_rows
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "shadow_answers.sql")
_MOST_EXAMPLES = 5
_LONGEST_REASON = 500

_Counted: TypeAlias = dict[ShadowAnswer, list[UUID]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowCount:
    """How often a row of a shadow stood beside one in force."""

    shadow_sha256: str
    in_force_sha256: str
    in_force_row: str
    shadow_row: str | None
    """None where the shadow had no answer."""
    differs: bool
    """Whether the two say something else, by whatever row."""
    reason: str | None
    """Why the shadow had no answer."""
    number: int
    since: datetime
    """The first time."""
    until: datetime
    """The last time."""
    examples: list[UUID] | None
    """Some communications of late that differ."""


async def remember(
    connection: Connection, answers: Iterable[tuple[UUID, Iterable[ShadowAnswer]]], at: datetime
) -> None:
    """Add what shadows answered about communications, in the caller's transaction."""
    counted: _Counted = {}
    for communication_id, each in answers:
        for answer in each:
            counted.setdefault(answer, []).append(communication_id)
    await copy_rows(
        connection,
        _QUERIES.remember,
        [
            (
                at,
                answer.table,
                answer.shadow_sha256,
                answer.in_force_sha256,
                answer.in_force_row,
                answer.shadow_row,
                answer.differs,
                None if answer.reason is None else answer.reason[:_LONGEST_REASON],
                len(communications),
                _array(communications[:_MOST_EXAMPLES] if answer.differs else ()),
            )
            for answer, communications in counted.items()
        ],
    )


async def matrix(
    connection: Connection,
    table: str,
    *,
    shadow_sha256: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[ShadowCount]:
    """Return how often which rows stood beside each other; what differs first, then the most frequent."""
    return await fetch_all(
        connection,
        ShadowCount,
        _QUERIES.matrix,
        table=table,
        shadow=shadow_sha256,
        since=since,
        until=until,
        examples=_MOST_EXAMPLES,
    )


async def newest(connection: Connection, table: str, digits: str = "") -> str | None:
    """Return the digest, beginning with these digits, of the shadow of a table that answered last; None without any."""
    cursor = await connection.execute(_QUERIES.newest, {"table": table, "digits": digits})
    row = await cursor.fetchone()
    return None if row is None else str(row[0])


def _array(communications: Iterable[UUID]) -> str:
    """Return ids as the literal of an array, as COPY takes it."""
    return "{" + ",".join(one.hex for one in communications) + "}"
