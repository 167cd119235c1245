"""Contracts: a first one from records that there are, and what a new version of one changes."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from xconnector.contract.source import RunSource
from xconnector.domain.event import RecordFate, SourceRecord
from xconnector.domain.schema_difference import SchemaChange, schema_changes
from xconnector.domain.schema_inference import infer_schema
from xconnector.domain.strict_json import Json, StrictJsonError, read_json
from xconnector.operations.mapped_files import records_of
from xconnector.postgres.connect import Pool, reading
from xconnector.project.contract_files import CONTRACTS, SCHEMA
from xconnector.project.findings import named_like
from xconnector.project.model import Project
from xconnector.store import feed_states
from xconnector.store.rows import from_json

MOST_RECORDS = 10_000
_MOST_BYTES = 1_048_576


class ContractFileError(ValueError):
    """No contract can be made or compared; the message says what to do."""


def infer_from_file(file: Path) -> dict[str, Any]:
    """Return a schema that the first records of a file keep.

    Raises ContractFileError where it has none, MappedFilesError and PermanentError where it cannot be read.
    """
    return _inferred(records_of(file), f"{file.name} has no record that can be read")


def infer_as_read(file: Path, source: RunSource) -> dict[str, Any]:
    """Return a schema that the first records of a file keep, as the connection of a feed reads it.

    Raises ContractFileError where it has none, PermanentError where it cannot be read.
    """
    read = source.read(file, source=file.stem, event_type="")
    records = (record.data for record in read if isinstance(record, SourceRecord))
    return _inferred(records, f"{file.name} has no record that can be read")


async def infer_from_feed(pool: Pool, project: Project, feed: str) -> dict[str, Any]:
    """Return a schema that the latest records of a feed keep, those that were set aside left out.

    Raises ContractFileError.
    """
    if feed not in project.feeds:
        raise ContractFileError(f"there is no feed {feed!r}: {named_like(feed, project.feeds)}")
    async with reading(pool) as connection:
        found = await feed_states.latest_data(connection, feed, fate=RecordFate.TAKEN, limit=MOST_RECORDS)
    return _inferred((from_json(one) for one in found), f"no record of feed {feed} was taken in yet")


def _inferred(records: Iterator[Mapping[str, Any]], otherwise: str) -> dict[str, Any]:
    seen = list(islice(records, MOST_RECORDS))
    if not seen:
        raise ContractFileError(otherwise)
    return infer_schema(seen)


def written(schema: Mapping[str, Any]) -> str:
    """Return a schema as it is kept in a file."""
    return f"{json.dumps(schema, indent=2, ensure_ascii=False)}\n"


def keep_contract(folder: Path, name: str, schema: Mapping[str, Any]) -> Path:
    """Write a new contract into a project's folder, and return its file.

    Raises ContractFileError where there is one of that name.
    """
    path = folder / CONTRACTS / f"{name}{SCHEMA}"
    path.parent.mkdir(exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as opened:
            opened.write(written(schema))
    except FileExistsError:
        raise ContractFileError(f"{CONTRACTS}/{path.name} is there already: name another, or compare them") from None
    return path


def compare(old: Path, new: Path) -> tuple[SchemaChange, ...]:
    """Return what a new version of a contract changes.

    Raises ContractFileError where one cannot be read.
    """
    return schema_changes(_read(old), _read(new))


def _read(path: Path) -> Mapping[str, Json]:
    try:
        with path.open("rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
    except OSError as unreadable:
        raise ContractFileError(f"{path} cannot be read: {unreadable.strerror}") from None
    if len(content) > _MOST_BYTES:
        raise ContractFileError(f"{path} has more than {_MOST_BYTES} bytes: divide it")
    try:
        schema = read_json(content)
    except StrictJsonError as wrong:
        raise ContractFileError(f"{path}: {wrong}") from None
    if not isinstance(schema, dict):
        raise ContractFileError(f"{path}: a schema is a JSON object")
    return schema
