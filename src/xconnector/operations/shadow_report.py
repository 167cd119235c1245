"""What a shadow answered so far, beside the table in force."""

from dataclasses import dataclass
from datetime import datetime

from xconnector.postgres.connect import Pool, snapshot
from xconnector.store import shadow_answers
from xconnector.store.shadow_answers import ShadowCount


class NoShadowAnswerError(Exception):
    """No shadow of the table has answered; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowReport:
    """What one shadow answered."""

    table: str
    shadow_sha256: str
    counts: tuple[ShadowCount, ...]
    """What differs first, then the most frequent."""

    @property
    def asked(self) -> int:
        return sum(one.number for one in self.counts)

    @property
    def differing(self) -> int:
        """Questions that the shadow answers otherwise, or not at all."""
        return sum(one.number for one in self.counts if one.differs)

    @property
    def since(self) -> datetime:
        return min(one.since for one in self.counts)

    @property
    def until(self) -> datetime:
        """When it answered last."""
        return max(one.until for one in self.counts)


async def shadow_report(
    pool: Pool, table: str, *, digits: str = "", since: datetime | None = None, until: datetime | None = None
) -> ShadowReport:
    """Return what a shadow of a table answered in a time; `digits` begin its SHA-256, else it is the one of late.

    Raises NoShadowAnswerError.
    """
    async with snapshot(pool) as connection:
        shadow = await shadow_answers.newest(connection, table, digits)
        counts = (
            []
            if shadow is None
            else await shadow_answers.matrix(connection, table, shadow_sha256=shadow, since=since, until=until)
        )
    if shadow is None or not counts:
        raise NoShadowAnswerError(
            f"no shadow of table {table!r} has answered in that time: let a version decide in the shadow with "
            "`xconnector tables shadow`, and wait for communications"
        )
    return ShadowReport(table=table, shadow_sha256=shadow, counts=tuple(counts))
