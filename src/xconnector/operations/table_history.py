"""Looking at versions of decision tables: what was said of each, which one is in force, and how a kept one reads."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.decision.version_chain import Break, first_break
from xconnector.domain.decision.versions import (
    Span,
    TableEvent,
    Version,
    VersionState,
    in_force,
    of_table,
    spans,
    versions_of,
)
from xconnector.operations.tables import TableVersionError, whole_digest
from xconnector.postgres.connect import Connection, Pool, snapshot
from xconnector.project.findings import ProjectError
from xconnector.project.load import load_project
from xconnector.project.model import Project
from xconnector.project.presentation import day_of
from xconnector.project.tables.stored import KeptTableError, read_kept, read_kept_text
from xconnector.project.tables.text import TableText
from xconnector.store import table_events, tables

SHORT = 12
"""Digits of a digest that are enough for a person."""


class Standing(StrEnum):
    """Where a version stands as of a day."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    """Its day has not come."""
    IN_FORCE = "in force"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldVersion:
    """A version, as a person looks at it."""

    table: str
    sha256: str
    standing: Standing
    in_force_from: date | None
    """The first day on which it decides; None where it never does."""
    in_force_to: date | None
    """The last one; None where it never does, or no other version is to follow."""
    is_shadowed: bool
    """Whether it decides beside, without anybody acting on it."""
    said: Sequence[TableEvent]
    """Who said what of it, when and why, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Whether the ledger of tables is as it was written."""

    events: int
    head: str | None
    """Digest of the last event: noted elsewhere, it shows later that nothing was cut off."""
    broken: Break | None


async def history(pool: Pool, project: Project, table: str | None = None) -> list[ToldVersion]:
    """Return every version of a table, or of all, in the order in which they were proposed."""
    events = await _events(pool)
    today = today_of(project)
    versions = versions_of(events)
    names = sorted({one.table for one in versions}) if table is None else [table]
    return [one for name in names for one in _told(of_table(versions, name), events, today)]


async def in_force_on(pool: Pool, table: str, day: date, *, as_of: datetime | None = None) -> Version | None:
    """Return the version of a table that decides on a day, or None.

    With `as_of`, by what had been said until that moment: what was revoked later is in force still.
    """
    events = [one for one in await _events(pool) if one.table == table and (as_of is None or one.at <= as_of)]
    return in_force(versions_of(events), day)


async def kept_table(pool: Pool, name: str, digits: str) -> DecisionTable:
    """Return a table that was proposed or that decided, by its name and the first digits of its SHA-256.

    Raises TableVersionError where there is none, or several; KeptTableError where it was tampered with.
    """
    async with snapshot(pool) as connection:
        kept = await tables.find(connection, await whole_digest(connection, name, digits))
    if kept is None:
        raise TableVersionError(f"table {name!r} with {digits} is not kept any more: restore it from a backup")
    return read_kept(kept)


async def chain(pool: Pool) -> Chain:
    """Prove the ledger of tables: every event against its own digest and the one before."""
    async with snapshot(pool) as connection:
        events = await table_events.chain(connection)
    return Chain(events=len(events), head=events[-1].sha256 if events else None, broken=first_break(events))


async def differences_from_files(pool: Pool, project: Project, environment: Mapping[str, str]) -> list[str]:
    """Return in words how the versions in force differ from the files in tables/, and what no longer fits the project.

    Nothing for a project whose files decide.
    """
    if not project.is_governed:
        return []
    async with snapshot(pool) as connection:
        written = await table_events.chain(connection)
    if (broken := first_break(written)) is not None:
        return [f"the ledger of tables is not as it was written ({broken}), so that no version decides: restore it"]
    versions = versions_of(one.event for one in written)
    today = today_of(project)
    found = {name: in_force(of_table(versions, name), today) for name in sorted({one.table for one in versions})}
    deciding = {name: one.sha256 for name, one in found.items() if one is not None}
    told = [*_differences(project.tables, deciding, versions)]
    async with snapshot(pool) as connection:
        return [*told, *await _misfits(connection, project, environment, deciding)]


def _differences(
    files: Mapping[str, DecisionTable], deciding: Mapping[str, str], versions: Sequence[Version]
) -> Iterator[str]:
    for name, table in sorted(files.items()):
        sha256 = deciding.get(name)
        if sha256 is None:
            yield f"table {name}: no version is in force, so that it decides nothing; {_next_step(table, versions)}"
        elif sha256 != table.sha256:
            yield (
                f"table {name}: the file is {table.sha256[:SHORT]}, in force is {sha256[:SHORT]}; "
                f"{_next_step(table, versions)}"
            )
    for name in sorted({*deciding} - {*files}):
        yield f"table {name}: a version is in force ({deciding[name][:SHORT]}), and there is no file of it any more"


def _next_step(table: DecisionTable, versions: Sequence[Version]) -> str:
    """Return what became of the file's version so far, or what comes next."""
    latest = next((one for one in reversed(versions) if one.sha256 == table.sha256 and one.table == table.name), None)
    if latest is None:
        return "the file was never proposed: xconnector tables propose"
    if latest.is_open:
        return (
            f"the file waits for a second person: xconnector tables approve {table.name} --sha {table.sha256[:SHORT]}"
        )
    if latest.state is VersionState.APPROVED and latest.effective_from is not None:
        return f"the file was approved for {latest.effective_from}"
    return f"the file was {latest.state}"


async def _misfits(
    connection: Connection, project: Project, environment: Mapping[str, str], deciding: Mapping[str, str]
) -> list[str]:
    """Prove the project with the tables that decide instead of its files."""
    texts: dict[str, TableText] = {}
    for kept in await tables.find_all(connection, [*deciding.values()]):
        try:
            texts[kept.name] = read_kept_text(kept)
        except KeptTableError as wrong:
            return [str(wrong)]
    try:
        load_project(project.folder, environment, instead=texts)
    except ProjectError as wrong:
        return [str(finding) for finding in wrong.findings]
    return []


async def _events(pool: Pool) -> list[TableEvent]:
    async with snapshot(pool) as connection:
        return [one.event for one in await table_events.chain(connection)]


def today_of(project: Project) -> date:
    """Return the present day, where the project is at home."""
    return day_of(datetime.now(UTC), project.locale.timezone)


def _told(versions: Sequence[Version], events: Sequence[TableEvent], today: date) -> Iterator[ToldVersion]:
    found = spans(versions)
    for version in versions:
        span = found.get(version.settled) if version.settled is not None else None
        decides = span is not None and (span.last is None or span.first <= span.last)
        yield ToldVersion(
            table=version.table,
            sha256=version.sha256,
            standing=_standing(version, span, today),
            in_force_from=span.first if span is not None and decides else None,
            in_force_to=span.last if span is not None and decides else None,
            is_shadowed=version.is_shadowed,
            said=_said(version, versions, events),
        )


def _said(version: Version, versions: Sequence[Version], events: Sequence[TableEvent]) -> Sequence[TableEvent]:
    """Return what was said of a version: from its proposal up to the next one of the same digest."""
    same = [one.proposed.at for one in versions if one.sha256 == version.sha256]
    end = min((at for at in same if at > version.proposed.at), default=None)
    return [
        one
        for one in events
        if one.table == version.table
        and one.sha256 == version.sha256
        and version.proposed.at <= one.at
        and (end is None or one.at < end)
    ]


def _standing(version: Version, span: Span | None, today: date) -> Standing:
    if span is None:
        return Standing(version.state)
    if span.last is not None and (span.last < today or span.last < span.first):
        return Standing.SUPERSEDED
    return Standing.IN_FORCE if span.first <= today else Standing.APPROVED
