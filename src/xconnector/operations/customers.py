"""Customers: loading what one source says of them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec

from xconnector.domain.customer import CustomerRecord
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import customers

AT_ONCE = 1000
LONGEST_LINE = 1_000_000
"""Bytes."""


class CustomerFileError(Exception):
    """A line of the file is no customer record; the message names file and line."""


async def load_customers(pool: Pool, file: Path, *, source: str) -> int:
    """Load a JSON Lines file of `{"customer": key, "as_of"?: time, field: value, …}`; returns how many records.

    A field that is null or blank takes back what the source said of it. Beside the fields may stand `verified`, the
    names of those that the source vouches for or `true` for all, and `deleted: true` for a customer it no longer has.

    All or nothing: raises CustomerFileError before anything is kept.
    """
    now = datetime.now(UTC)
    for _ in read_customers(file, source=source, now=now):
        pass
    number = 0
    async with transaction(pool) as connection:
        page: list[CustomerRecord] = []
        for record in read_customers(file, source=source, now=now):
            page.append(record)
            number += 1
            if len(page) == AT_ONCE:
                await customers.remember(connection, page, now)
                page = []
        await customers.remember(connection, page, now)
    return number


def read_customers(file: Path, *, source: str, now: datetime) -> Iterator[CustomerRecord]:
    """Yield the records of a JSON Lines file. Raises CustomerFileError naming file and line."""
    with file.open("rb") as lines:
        for number, line in enumerate(iter(lambda: lines.readline(LONGEST_LINE + 1), b""), start=1):
            if line.strip():
                yield _record(file, number, line, source, now)


def _record(file: Path, number: int, line: bytes, source: str, now: datetime) -> CustomerRecord:
    fields = _object(line)
    if fields is None or not fields.get("customer"):
        raise _wrong(file, number, f'a line must be a JSON object with "customer" and at most {LONGEST_LINE} bytes')
    key = str(fields.pop("customer"))
    try:
        as_of = datetime.fromisoformat(fields.pop("as_of")) if "as_of" in fields else now
    except (TypeError, ValueError):
        raise _wrong(file, number, "as_of must be a time such as 2026-11-23T08:00:00Z") from None
    deleted = fields.pop("deleted", False)
    if not isinstance(deleted, bool):
        raise _wrong(file, number, "deleted must be true or false")
    verified = _verified(fields.pop("verified", []), fields)
    if verified is None:
        raise _wrong(file, number, "verified must be a list of names of fields, or true for all of the line")
    return CustomerRecord(
        customer_key=key,
        source=source,
        # Nothing can be told before it was so: a clock that runs ahead must not keep out later news.
        as_of=min(as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC), now),
        fields={} if deleted else fields,
        verified=verified,
        replaces_all=deleted,
    )


def _verified(given: object, fields: Mapping[str, Any]) -> frozenset[str] | None:
    if isinstance(given, bool):
        return frozenset(fields) if given else frozenset()
    names = cast("list[object]", given) if isinstance(given, list) else [None]
    return frozenset(map(str, names)) if all(isinstance(name, str) for name in names) else None


def _wrong(file: Path, number: int, problem: str) -> CustomerFileError:
    return CustomerFileError(f"{file.name}:{number}: {problem}")


def _object(line: bytes) -> dict[str, Any] | None:
    if len(line) > LONGEST_LINE:
        return None
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return None
