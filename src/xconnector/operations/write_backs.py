"""Write-back as people see it: where each source system stands, how a day went, and telling a time again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from xconnector.domain.write_back import bounds_of, sums_by_word
from xconnector.postgres.connect import Connection, Pool, in_transaction, reading
from xconnector.project.findings import named_like
from xconnector.project.model import Project, WriteBack
from xconnector.store import write_backs
from xconnector.store.write_backs import RefusedLine, TargetAccount


class UnknownTargetError(LookupError):
    """The project tells no source system of this name, or has not begun to; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAccount:
    """How much happened on a day of which a source system is told."""

    target: str
    day: date
    events: Mapping[str, Mapping[str, int]]
    """By word: sent, and of these acknowledged, refused and outstanding."""

    @property
    def outstanding(self) -> int:
        return sum(sums["outstanding"] + sums["refused"] for sums in self.events.values())


async def targets(pool: Pool) -> list[TargetAccount]:
    """Return where every source system stands that was ever told."""
    async with reading(pool) as connection:
        return await write_backs.accounts(connection)


async def refusals(pool: Pool, project: Project, name: str, *, limit: int) -> Sequence[RefusedLine]:
    """Return what a source system did not take, the latest first. Raises UnknownTargetError."""
    one = _known(project, name)
    async with reading(pool) as connection:
        return await write_backs.refusals(connection, one.name, limit=limit)


async def reconcile_day(pool: Pool, project: Project, name: str, day: date) -> DayAccount:
    """Return how much happened on a day, where the project is at home, and how much of it the source system has.

    Raises UnknownTargetError.
    """
    one = _known(project, name)
    since, until = bounds_of(day, ZoneInfo(project.locale.timezone))
    async with reading(pool) as connection:
        counts = await write_backs.count(connection, one.target, since=since, until=until)
    return DayAccount(target=name, day=day, events=sums_by_word(counts, one.words))


async def replay(pool: Pool, project: Project, name: str, *, since: datetime, until: datetime) -> int:
    """Let a source system be told again of what happened in a time, and what followed, under the same ids.

    Returns of how many communications. Raises UnknownTargetError.
    """
    one = _known(project, name)

    async def write(connection: Connection) -> int:
        now = datetime.now(UTC)
        await write_backs.begin(connection, one.name, now=now)
        return await write_backs.replay(connection, one.target, since=since, until=until, now=now)

    return await in_transaction(pool, write)


def _known(project: Project, name: str) -> WriteBack:
    one = project.write_backs.get(name)
    if one is None:
        raise UnknownTargetError(
            f"there is no {name!r} under `write_back` in xconnector.yaml: {named_like(name, project.write_backs)}"
        )
    return one
