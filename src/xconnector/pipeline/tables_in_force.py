"""Which tables decide: of a governed project the approved versions, of any other the files in tables/.

Every table that decides is kept, that of survivorship too, so that decisions can be explained when nobody has its file
any more.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Generic, TypeVar

from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.decision.version_chain import Break, first_break
from xconnector.domain.decision.versions import Version, in_force, shadows, versions_of
from xconnector.postgres.connect import Connection
from xconnector.project.model import Project
from xconnector.project.survivorship_versions import kept_form
from xconnector.project.tables.stored import KeptTableError, content_of, read_kept
from xconnector.store import survivorship_versions, table_events, tables

T = TypeVar("T")


class NoVersionInForceError(DecisionError):
    """No version of the table can decide on the day; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesInForce:
    """The tables that decide on one day."""

    on: date
    tables: Mapping[str, DecisionTable]
    """By name; a table of which no version can decide is not among them."""
    shadows: Mapping[str, Sequence[DecisionTable]] = field(default_factory=dict[str, Sequence[DecisionTable]])
    """By name, the versions that decide beside and are only recorded; names without any are left out."""
    refusals: Mapping[str, str] = field(default_factory=dict[str, str])
    """By name, why the version that is in force cannot decide."""
    broken: str | None = None
    """Why no version can be trusted; None where the ledger of tables is whole."""

    def table(self, name: str) -> DecisionTable:
        """Return the table that decides.

        Raises NoVersionInForceError, a DecisionError, where none can.
        """
        found = self.tables.get(name)
        if found is None:
            raise NoVersionInForceError(self.broken or self.refusals.get(name) or _none_in_force(name, self.on))
        return found


async def tables_in_force(connection: Connection, project: Project, on: date) -> TablesInForce:
    """Return the tables that decide on a day (of the communication, where the project is at home), and keep them.

    It is meant to be called once a batch, in its transaction, and costs one small query while nothing changes: what was
    said of tables, and tables, are cached by digests that stand for their contents. What is approved or revoked
    meanwhile counts from the next call on.

    What cannot decide (no version in force, a kept table or the ledger of tables that was tampered with) is told by
    `table` when it is asked for, so that other communications go on.
    """
    files: Mapping[str, DecisionTable] = {} if project.is_governed else project.tables
    by_digest = {table.sha256: table for table in files.values()}
    standing = await tables.standing(connection, [*by_digest])
    await tables.keep(connection, [content_of(by_digest[one]) for one in standing.unkept], datetime.now(UTC))
    survivorship = kept_form(project.survivorship)
    if standing.survivorship != survivorship.sha256:
        await survivorship_versions.keep(connection, survivorship, datetime.now(UTC))
    history = await _history(connection, standing.head)
    if project.is_governed:
        return await _governed(connection, history, on)
    deciding = {name: table.sha256 for name, table in files.items()}
    return TablesInForce(on=on, tables=files, shadows=await _shadows(connection, history, deciding))


# ---------------------------------------------------------------- a governed project


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """What the ledger of tables says."""

    versions: Mapping[str, Sequence[Version]]
    """By the table's name."""
    broken: Break | None = None


async def _governed(connection: Connection, history: _History, on: date) -> TablesInForce:
    if history.broken is not None:
        broken = f"the ledger of tables is not as it was written ({history.broken}): restore it from a backup"
        return TablesInForce(on=on, tables={}, broken=broken)
    found = {name: in_force(versions, on) for name, versions in history.versions.items()}
    deciding = {name: version.sha256 for name, version in found.items() if version is not None}
    kept = await _kept(connection, deciding.values())
    return TablesInForce(
        on=on,
        tables={name: table for name, sha256 in deciding.items() if isinstance(table := kept[sha256], DecisionTable)},
        refusals={name: table for name, sha256 in deciding.items() if isinstance(table := kept[sha256], str)},
        shadows=await _shadows(connection, history, deciding),
    )


async def _shadows(
    connection: Connection, history: _History, deciding: Mapping[str, str]
) -> Mapping[str, Sequence[DecisionTable]]:
    """Return the shadows by name; one that cannot be read is left out, since nobody acts on what it says."""
    if history.broken is not None:
        return {}
    digests = {
        name: [one.sha256 for one in shadows(versions, deciding=deciding.get(name))]
        for name, versions in history.versions.items()
    }
    kept = await _kept(connection, [one for some in digests.values() for one in some])
    found = {
        name: [table for one in some if isinstance(table := kept[one], DecisionTable)] for name, some in digests.items()
    }
    return {name: some for name, some in found.items() if some}


def _none_in_force(name: str, on: date) -> str:
    return (
        f"no version of table {name!r} is in force on {on}: propose one with `xconnector tables propose`, "
        "and let a second person approve it"
    )


# ---------------------------------------------------------------- reading, and what was read lately


class _Recent(Generic[T]):
    """What was read lately, by a digest of it: the contents of a digest never change, whatever the database."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[str, T] = OrderedDict()

    def get(self, digest: str) -> T | None:
        found = self._found.get(digest)
        if found is not None:
            self._found.move_to_end(digest)
        return found

    def put(self, digest: str, content: T) -> None:
        self._found[digest] = content
        while len(self._found) > self._most:
            self._found.popitem(last=False)


_HISTORIES: _Recent[_History] = _Recent(4)
_TABLES: _Recent[DecisionTable] = _Recent(256)


async def _history(connection: Connection, head: str | None) -> _History:
    """Return what the ledger of tables says up to the event with this digest."""
    if head is None:
        return _History(versions={})
    if (known := _HISTORIES.get(head)) is not None:
        return known
    chain = await table_events.chain(connection)
    versions: dict[str, list[Version]] = {}
    for version in versions_of(one.event for one in chain):
        versions.setdefault(version.table, []).append(version)
    history = _History(versions=versions, broken=first_break(chain))
    if history.broken is None:
        # Somebody may have spoken since the digest was read: what is cached stands under the digest that it has.
        _HISTORIES.put(chain[-1].sha256, history)
    return history


async def _kept(connection: Connection, digests: Iterable[str]) -> Mapping[str, DecisionTable | str]:
    """Return kept tables by their digests, or why one cannot be used."""
    wanted = {one: _TABLES.get(one) for one in digests}
    found: dict[str, DecisionTable | str] = {one: table for one, table in wanted.items() if table is not None}
    unread = [one for one, table in wanted.items() if table is None]
    for kept in await tables.find_all(connection, unread) if unread else ():
        try:
            table = read_kept(kept)
        except KeptTableError as wrong:
            found[kept.sha256] = str(wrong)
            continue
        found[kept.sha256] = table
        _TABLES.put(kept.sha256, table)
    return {one: found.get(one, f"table {one[:12]} is not kept any more: restore it from a backup") for one in wanted}
