"""Where each value of one communication came from: the path in the source's record, or who said it of the customer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from xconnector.operations.explaining import only_one
from xconnector.postgres.connect import Connection, Pool, snapshot
from xconnector.project.mapping import MappingError
from xconnector.project.mapping_versions import read_kept_mapping
from xconnector.store import communications, inbox, ledger, mappings
from xconnector.store.communications import Found
from xconnector.store.ledger import Entry
from xconnector.store.rows import from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOrigin:
    """One value that the template got."""

    name: str
    """As templates name it: `data.premium`, `customer.last_name`."""
    value: object = field(repr=False)
    """As the reader sees it."""
    paths: Sequence[str] = ()
    """Where it stands in the source's record; several where the mapping made one value of many."""
    said_by: str | None = None
    """Of a customer's field: which source said it, and as of when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLineage:
    """What one communication was made of."""

    found: Found
    frozen_at: datetime | None
    """When its data was frozen; None where it has none yet."""
    mapping: str | None
    """Name of the mapping, with its day where it has one."""
    mapping_sha256: str | None
    fields: Sequence[FieldOrigin]
    trouble: str | None = None
    """Why paths cannot be told."""


async def data_lineage(pool: Pool, words: str) -> DataLineage:
    """Tell where the data of a communication came from, given its id, the beginning of it, or its source key.

    The values are the frozen ones; paths are told by the mapping of that day from the record as it is kept.

    Raises UnknownCommunicationError when none or more than one fits.
    """
    async with snapshot(pool) as connection:
        found = await only_one(connection, words)
        assembly = await communications.assembly(connection, found.communication_id)
        history = await ledger.history(connection, found.communication_id)
        digest = _last(history, "mapping")
        told = await _told_by_mapping(connection, found, digest)
    # Of what was ended before anything was made of it, the record is all there is.
    data: Mapping[str, Any] = {"data": told.data} if assembly is None else from_json(assembly.data)
    said = cast("Mapping[str, str]", _last(history, "customer") or {})
    return DataLineage(
        found=found,
        frozen_at=None if assembly is None else assembly.issued_at,
        mapping=told.mapping,
        mapping_sha256=digest,
        fields=[*_of_record(data.get("data", {}), told.paths), *_of_customer(data.get("customer", {}), said)],
        trouble=told.trouble,
    )


def _last(history: Sequence[Entry], name: str) -> Any:  # noqa: ANN401 - of what the ledger keeps
    return next((entry.detail[name] for entry in reversed(history) if entry.detail and name in entry.detail), None)


_Paths = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ToldByMapping:
    """What the mapping of the day tells of a record."""

    paths: _Paths = field(default_factory=dict[str, Sequence[str]])
    """By field."""
    data: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    mapping: str | None = None
    """Its name."""
    trouble: str | None = None
    """What keeps it from being told."""


async def _told_by_mapping(connection: Connection, found: Found, digest: str | None) -> _ToldByMapping:
    kept = None if digest is None else await mappings.find(connection, digest)
    if kept is None:
        return _ToldByMapping(trouble="the mapping of that day is not kept")
    record = (await inbox.records(connection, [found.record_id])).get(found.record_id)
    if record is None:
        return _ToldByMapping(mapping=kept.name, trouble="the source's record is not kept any more")
    try:
        mapping, content = read_kept_mapping(kept), from_json(record.data)
        return _ToldByMapping(paths=mapping.lineage(content), data=mapping.apply(content).data, mapping=kept.name)
    except MappingError as wrong:
        return _ToldByMapping(mapping=kept.name, trouble=str(wrong))


def _of_record(data: Mapping[str, Any], paths: _Paths) -> Iterator[FieldOrigin]:
    for name, value in data.items():
        inside = [path for field, given in paths.items() if field.startswith(f"{name}[") for path in given]
        given = list(dict.fromkeys([*paths.get(name, ()), *inside]))
        yield FieldOrigin(name=f"data.{name}", value=_shown(value), paths=given)


# What templates see of a customer, beside fields of the golden record of the same name.
_MADE_OF = {"name": ("company", "last_name"), "person": ("last_name",), "address_lines": ("address_lines", "city")}


def _of_customer(customer: Mapping[str, Any], said: Mapping[str, str]) -> Iterator[FieldOrigin]:
    for name, value in customer.items():
        sources = dict.fromkeys(said[one] for one in _MADE_OF.get(name, (name,)) if one in said)
        if value or sources:
            yield FieldOrigin(name=f"customer.{name}", value=value, said_by=", ".join(sources) or None)


def _shown(value: object) -> object:
    """Return a value as its reader sees it: amounts and days by their text."""
    if isinstance(value, dict):
        content = cast("dict[str, object]", value)
        return content["text"] if content.keys() == {"value", "text"} else {n: _shown(v) for n, v in content.items()}
    if isinstance(value, list):
        return [_shown(one) for one in cast("list[object]", value)]
    return value
