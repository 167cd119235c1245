"""Speaking about versions of decision tables: one person proposes, a second one approves or rejects, and more.

Everything said stands in the ledger of tables with who, when and why. Saying the same twice is saying it once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from xconnector.domain.decision.difference import Difference, differences
from xconnector.domain.decision.versions import (
    Act,
    TableEvent,
    Version,
    contradiction,
    in_force,
    repeats,
    spans,
    versions_of,
)
from xconnector.postgres.connect import Connection, Pool, in_transaction, transaction
from xconnector.project.governing import role_for
from xconnector.project.load import load_project
from xconnector.project.model import Governance, Project
from xconnector.project.people import why_not
from xconnector.project.presentation import day_of
from xconnector.project.tables.stored import content_of, read_kept, read_kept_text
from xconnector.project.tables.text import TableText
from xconnector.store import table_events, tables

LEAST_DIGITS = 8
"""Of a digest that a person types."""
MOST_LETTERS = 2000
"""Of a reason."""
_DIGITS = re.compile(rf"[0-9a-fA-F]{{{LEAST_DIGITS},64}}", re.ASCII)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}", re.ASCII)


class TableVersionError(Exception):
    """This cannot be said of the version; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A version after somebody spoke about it."""

    version: Version
    is_new: bool
    """Whether that was new; False where the same person had said it already and nothing was added."""
    is_in_force: bool = False
    """Whether what was proposed decides already, with no other version to follow; then nothing was added either."""
    beside: tuple[Difference, ...] = ()
    """How what was proposed differs from the table that was kept under its digest before: in its notes, owners or
    tests, which are no part of what is approved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What a person says of a version of a table."""

    table: str
    """The table's name."""
    sha256: str
    """Digest of the version, or its first digits."""
    person: str
    """As named under `people`."""
    reason: str
    """Why; it stands in the ledger."""


async def propose(
    pool: Pool, project: Project, environment: Mapping[str, str], text: TableText, *, person: str, reason: str
) -> Said:
    """Propose a table as a version, and keep it.

    A table that decides already is not proposed anew. Of one that is kept, notes, owners and tests stay as they were.
    Raises TableVersionError when the person may not or it is proposed already, ProjectError when the project would not
    load with it, and KeptTableError when the one that is kept was tampered with.
    """
    table = text.table
    if _NAME.fullmatch(table.name) is None:
        raise TableVersionError(f"{table.name!r} cannot name a table: use letters, digits, hyphen and underscore")
    load_project(project.folder, environment, instead={table.name: text})
    said = Speech(table=table.name, sha256=table.sha256, person=person, reason=reason)

    async def write(connection: Connection) -> Said:
        event = _event(project, said, Act.PROPOSED)
        await table_events.lock(connection)
        kept = await tables.find(connection, table.sha256)
        beside = () if kept is None else tuple(differences(read_kept(kept), table))
        deciding = await _deciding(connection, event, day_of(event.at, project.locale.timezone))
        if deciding is not None:
            return Said(version=deciding, is_new=False, is_in_force=True, beside=beside)
        await tables.keep(connection, [content_of(table)], event.at)
        return replace(await _say(connection, event), beside=beside)

    return await in_transaction(pool, write)


async def approve(
    pool: Pool, project: Project, environment: Mapping[str, str], said: Speech, *, effective_from: date
) -> Said:
    """Approve exactly the version with this digest: it decides from a day on that has not passed.

    Raises TableVersionError when the person may not, proposed it, or it waits no more; ProjectError when the project
    would not load with it.
    """
    await _prove(pool, project, environment, said)

    async def write(connection: Connection) -> Said:
        event = _event(project, await _whole(connection, said), Act.APPROVED)
        return await _say(
            connection,
            replace(event, effective_from=effective_from),
            not_before=day_of(event.at, project.locale.timezone),
        )

    return await in_transaction(pool, write)


async def reject(pool: Pool, project: Project, said: Speech) -> Said:
    """Reject a version that waits. Raises TableVersionError."""
    return await _speak(pool, project, said, Act.REJECTED)


async def withdraw(pool: Pool, project: Project, said: Speech) -> Said:
    """Take back a version that one proposed. Raises TableVersionError."""
    return await _speak(pool, project, said, Act.WITHDRAWN)


async def revoke(pool: Pool, project: Project, said: Speech) -> Said:
    """Let an approved version decide nothing any more, from this moment on; the one before it decides again.

    Raises TableVersionError.
    """
    return await _speak(pool, project, said, Act.REVOKED)


async def shadow(pool: Pool, project: Project, said: Speech) -> Said:
    """Let a version decide beside the one in force; what it says is only recorded. Raises TableVersionError."""
    return await _speak(pool, project, said, Act.SHADOWED)


async def unshadow(pool: Pool, project: Project, said: Speech) -> Said:
    """Let a version decide in the shadow no more. Raises TableVersionError."""
    return await _speak(pool, project, said, Act.UNSHADOWED)


async def whole_digest(connection: Connection, table: str, digits: str) -> str:
    """Return the digest of the kept table of a name that begins with these digits.

    Raises TableVersionError where there is none, or several.
    """
    if _DIGITS.fullmatch(digits) is None:
        raise TableVersionError(f"name at least {LEAST_DIGITS} digits of the SHA-256")
    found = await tables.begins_with(connection, table, digits.lower()) if _NAME.fullmatch(table) else []
    if len(found) == 1:
        return found[0]
    if found:
        raise TableVersionError(f"several tables {table!r} begin with {digits}: name more digits")
    raise TableVersionError(f"no table {table!r} with {digits} is kept; `xconnector tables versions` shows all")


async def _speak(pool: Pool, project: Project, said: Speech, act: Act) -> Said:
    async def write(connection: Connection) -> Said:
        return await _say(connection, _event(project, await _whole(connection, said), act))

    return await in_transaction(pool, write)


async def _whole(connection: Connection, said: Speech) -> Speech:
    return replace(said, sha256=await whole_digest(connection, said.table, said.sha256))


def _event(project: Project, said: Speech, act: Act) -> TableEvent:
    """Return what is to be said. Raises TableVersionError when the person may not, or gives no reason."""
    role = role_for(act, _governance(project))
    if said.person not in project.people:
        raise TableVersionError(f"{said.person!r} is not among `people` in xconnector.yaml")
    if role is not None and (refusal := why_not(project.people, said.person, role)) is not None:
        raise TableVersionError(refusal)
    reason = said.reason.strip()
    if not reason:
        raise TableVersionError("say why: it stands in the ledger, and whoever asks later reads it")
    if len(reason) > MOST_LETTERS or not reason.isprintable():
        raise TableVersionError(f"write the reason in one line of at most {MOST_LETTERS} letters that can be printed")
    return TableEvent(
        at=datetime.now(UTC),
        table=said.table,
        sha256=said.sha256,
        act=act,
        person=said.person,
        role=role,
        reason=reason,
    )


def _governance(project: Project) -> Governance:
    if project.governance is None:
        raise TableVersionError(
            "nobody is named to approve tables: add `tables: {approved_by: ROLE}` to xconnector.yaml, "
            "with `governed: false` while the first versions are prepared"
        )
    return project.governance


async def _say(connection: Connection, event: TableEvent, *, not_before: date | None = None) -> Said:
    """Append an event, unless it was said already.

    Whoever speaks meanwhile waits: of two approvals at once the second one sees the first.
    """
    await table_events.lock(connection)
    events = [one for one in await table_events.of_table(connection, event.table) if one.sha256 == event.sha256]
    rounds = versions_of(events)
    if repeats(event, rounds):
        return Said(version=rounds[-1], is_new=False)
    refusal = contradiction(event, rounds)
    if refusal is not None:
        raise TableVersionError(f"{event.table}@{event.sha256[:12]}: {refusal}")
    if not_before is not None and event.effective_from is not None and event.effective_from < not_before:
        raise TableVersionError(f"{event.effective_from} has passed: name {not_before} or a later day")
    entry = await table_events.append(connection, event)
    return Said(version=versions_of([*events, entry.event])[-1], is_new=True)


async def _deciding(connection: Connection, event: TableEvent, today: date) -> Version | None:
    """Return the version that an event speaks of where it is in force and no other is to follow, else None."""
    versions = versions_of(await table_events.of_table(connection, event.table))
    found = in_force(versions, today)
    if found is None or found.sha256 != event.sha256 or found.settled is None:
        return None
    return found if spans(versions)[found.settled].last is None else None


async def _prove(pool: Pool, project: Project, environment: Mapping[str, str], said: Speech) -> None:
    """Prove that the project would load with a kept table: it may have been another when that was proposed."""
    async with transaction(pool) as connection:
        kept = await tables.find(connection, await whole_digest(connection, said.table, said.sha256))
    if kept is not None:
        load_project(project.folder, environment, instead={kept.name: read_kept_text(kept)})
