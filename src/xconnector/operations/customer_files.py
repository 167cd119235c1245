"""Files of customers: which records they hold, and what each says; of one that says nothing we understand, why."""

import gzip
import re
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any, cast

import msgspec

from xconnector.contract.errors import PermanentError
from xconnector.contract.file_source import FileSource
from xconnector.contract.run_file import RunFile
from xconnector.contract.source import RunSource, confirm_totals
from xconnector.domain.customer import POSTAL_FIELDS, CustomerRecord
from xconnector.domain.event import SourceRecord
from xconnector.domain.matching.member_key import own_key
from xconnector.domain.matching.nothing import names_nobody
from xconnector.domain.record_path import items_of
from xconnector.domain.strict_json import Json, StrictJsonError, read_json
from xconnector.domain.survivorship import ADDRESS
from xconnector.operations.mapped_files import MappedFilesError, recognised_source
from xconnector.project.contact_forms import written_alike
from xconnector.project.customer_fields import GOLDEN_FIELDS
from xconnector.project.mapping import MappingError, RecordMapping
from xconnector.project.shipped_mappings import fitting
from xconnector.project.source_contract import SourceContract

LONGEST_LINE = 1_000_000
"""Bytes."""
LONGEST_KEY = 500
"""Characters."""
MOST_UNPACKED = 200 * 2**30
"""Bytes that a packed file may come to."""
_CHUNK = 1 << 20
_FIRST_LINES = 100
_PACKED = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


class CustomerFileError(Exception):
    """A file, or a line of it, is not what it should be; the message names both and shows nothing of its content."""


class _UnfitError(Exception):
    """A record says nothing that can be kept; the message names fields, never values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What holds for all records of a file."""

    source: str
    as_of: datetime
    """Of a record that does not say it itself."""
    read_at: datetime
    """No record is of a later moment: a clock that runs ahead must not keep out later news."""
    own_keys: bool = False
    """Whether the source numbers customers by itself."""
    zone: tzinfo = UTC
    """Of a time that names none."""
    home_country: str | None = None
    """Of telephone numbers of customers whose country is not said; None reads only those with a country's prefix."""

    def member_key(self, key: str) -> str:
        """Return the key of a member, of the key that a record names."""
        return own_key(self.source, key) if self.own_keys else key


@dataclass(frozen=True, slots=True)
class FileCustomer:
    """One record of a file."""

    line: int
    payload: bytes = field(repr=False)
    """As it came; of one that is too long, its beginning."""
    record: CustomerRecord | None
    wrong: str = ""
    """Why it says nothing that can be kept; it names fields, never values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReading:
    """How a feed of the project reads its files."""

    name: str
    source: RunSource
    mapping_at: Callable[[datetime], RecordMapping]
    """The version that counts at a moment; raises MappingError where none does."""
    contract: SourceContract | None = None
    """What its records promise; None where nothing is promised."""

    def mapping_of(self, record: Mapping[str, Any], at: datetime) -> RecordMapping:
        """Return the mapping of a record that keeps the contract. Raises MappingError or _UnfitError."""
        breach = None if self.contract is None else self.contract.breach(record)
        if breach is not None:
            raise _UnfitError(breach)
        return self.mapping_at(at)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFile:
    """A file whose records can be read as often as is wanted."""

    path: Path
    original: RunFile
    """The file as it was named, packed or not."""
    declared: int | None
    """Records that its maker declared, which are as many as were counted."""
    _read: Callable[[Origin], Iterator[FileCustomer]] = field(repr=False)

    @property
    def name(self) -> str:
        return self.original.path.name

    @property
    def size(self) -> int:
        """Bytes, unpacked."""
        return self.path.stat().st_size

    def records(self, origin: Origin) -> Iterator[FileCustomer]:
        """Yield every record, in the file's order and streamed.

        Raises PermanentError naming file, line and remedy when the file as a whole cannot be read.
        """
        return self._read(origin)


@contextmanager
def open_customer_file(path: Path, feed: FeedReading | None = None) -> Generator[CustomerFile]:
    """Give a file that a feed reads, or else that is JSON Lines or of a format that is recognised.

    What is packed by gzip is unpacked into a temporary file for the block. Control totals that the feed's connection
    asks for are confirmed before anything else.

    Raises CustomerFileError, one of the contract's errors, or ControlTotalsMismatchError, where it cannot be used.
    """
    original = RunFile(path)
    with TemporaryDirectory(prefix="xconnector-load-") as folder:
        plain = _unpacked(path, Path(folder)) if _is_packed(path) else path
        declared = _confirmed(plain, feed.source) if feed is not None else None
        yield CustomerFile(path=plain, original=original, declared=declared, _read=_reading(plain, feed))


def read_customers(
    file: Path, *, source: str, now: datetime, home_country: str | None = None
) -> Iterator[CustomerRecord]:
    """Yield the records of a JSON Lines file. Raises CustomerFileError naming file and line."""
    for one in _json_lines(file, Origin(source=source, as_of=now, read_at=now, home_country=home_country)):
        if one.record is None:
            raise CustomerFileError(f"{file.name}:{one.line}: {one.wrong}")
        yield one.record


# ---------------------------------------------------------------- opening


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as opened:
            return opened.read(_CHUNK)
    except OSError as unreadable:
        raise PermanentError(f"{path.name} cannot be read: {unreadable.strerror}") from None


def _is_packed(path: Path) -> bool:
    is_packed = _head(path).startswith(_PACKED)
    if path.suffix == ".gz" and not is_packed:
        raise CustomerFileError(
            f"{path.name} is called .gz and is not packed by gzip; "
            "ask its maker for a whole file, or take .gz off its name"
        )
    return is_packed


def _unpacked(path: Path, folder: Path) -> Path:
    """Unpack a file, and put its sidecar beside it."""
    plain = folder / (path.name.removesuffix(".gz") or "customers")
    size = 0
    try:
        with gzip.open(path) as packed, plain.open("xb") as out:
            while chunk := packed.read(_CHUNK):
                size += len(chunk)
                if size > MOST_UNPACKED:
                    raise PermanentError(f"{path.name} comes to more than {MOST_UNPACKED:,} bytes; split it")
                out.write(chunk)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise PermanentError(f"{path.name} is packed by gzip and damaged; ask its maker for a whole file") from None
    for sidecar in (f"{plain.name}.control.json", f"{path.name}.control.json"):
        with suppress(FileNotFoundError):
            copyfile(path.with_name(sidecar), folder / f"{plain.name}.control.json")
    return plain


def _confirmed(path: Path, source: RunSource) -> int | None:
    declared = source.declared(path)
    if declared is None:
        return None
    confirm_totals(path, declared, source.totals(path))
    return declared.records


def _reading(path: Path, feed: FeedReading | None) -> Callable[[Origin], Iterator[FileCustomer]]:
    if feed is not None:
        return lambda origin: _mapped(path, feed.source, lambda data: feed.mapping_of(data, origin.as_of), origin)
    head = _head(path).removeprefix(_BOM).lstrip()
    if not head or _names_customers(head):
        return lambda origin: _json_lines(path, origin)
    try:
        form, source = recognised_source(path)
    except MappedFilesError as unknown:
        if head.startswith(b"{"):
            return lambda origin: _json_lines(path, origin)
        raise CustomerFileError(str(unknown)) from None
    return lambda origin: _mapped(path, source, lambda data: fitting(form, data), origin)


def _names_customers(head: bytes) -> bool:
    """Say whether any of the first lines is an object that names its customer as ours do."""
    for line in head.splitlines()[:_FIRST_LINES]:
        with suppress(_UnfitError):
            if "customer" in _object(line):
                return True
    return False


# ---------------------------------------------------------------- JSON Lines


def _json_lines(path: Path, origin: Origin) -> Iterator[FileCustomer]:
    with path.open("rb") as opened:
        number = 0
        while line := opened.readline(LONGEST_LINE + 1):
            number += 1
            if number == 1:
                line = line.removeprefix(_BOM)
            if len(line) > LONGEST_LINE:
                _skip_rest(opened.readline, line)
                yield FileCustomer(number, line, None, f"the line has more than {LONGEST_LINE:,} bytes")
            elif line.strip():
                yield _said_by(number, line, origin)


def _skip_rest(readline: Callable[[int], bytes], line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = readline(LONGEST_LINE)


def _said_by(number: int, line: bytes, origin: Origin) -> FileCustomer:
    try:
        return FileCustomer(number, line, _record(_object(line), origin))
    except _UnfitError as unfit:
        return FileCustomer(number, line, None, str(unfit))


_decoder = msgspec.json.Decoder(dict[str, Any])


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = _decoder.decode(line)
        if len(_KEY.findall(line)) > len(found) or _ZERO in line:
            # Twice the same key, or more objects inside: the slow way knows.
            read_json(line)
    except StrictJsonError as wrong:
        raise _UnfitError(str(wrong)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _UnfitError(
            _NOT_UTF_8 if _is_other_text(line) else 'a line must be a JSON object with "customer"'
        ) from None
    return found


_KEY = re.compile(rb'"\s*:')
_ZERO = b"\\u0000"
_NOT_UTF_8 = "the line is not UTF-8: save the file as UTF-8; it may be Latin-1 (Windows-1252) now"


def _is_other_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return True
    return False


def _record(fields: dict[str, Any], origin: Origin) -> CustomerRecord:
    """Return what an object of fields says, which are ours from now on."""
    key = _key(fields.pop("customer", None))
    is_undated = "as_of" not in fields
    as_of = origin.as_of if is_undated else _moment(fields.pop("as_of"), origin)
    deleted = fields.pop("deleted", False)
    if not isinstance(deleted, bool):
        raise _UnfitError("deleted must be true or false")
    for name, value in fields.items():
        # By far the most frequent: of text only days have to be proven.
        if type(value) is not str or name in _DAYS:
            _prove_value(name, value)
    verified = _verified(fields.pop("verified"), fields) if "verified" in fields else frozenset[str]()
    return CustomerRecord(
        customer_key=origin.member_key(key),
        source=origin.source,
        as_of=as_of,
        fields={} if deleted else written_alike(fields, origin.home_country),
        verified=verified,
        replaces_all=deleted,
        is_undated=is_undated,
    )


def _prove_value(name: str, value: object) -> None:
    """Raise _UnfitError for what can be no value of the field: kept, it would say nothing, or something else."""
    if name in GOLDEN_FIELDS and not _is_single(value, is_list=name == "address_lines"):
        raise _UnfitError(f"{name} must be a single value")
    if name in _DAYS and value not in (None, "") and not _is_day(str(value)):
        raise _UnfitError(f"{name} must be a day such as 1990-12-31")


def _is_single(value: object, *, is_list: bool) -> bool:
    parts = items_of(cast("Json", value)) if is_list else [value]
    return not any(isinstance(part, (list, dict)) for part in parts)


_DAYS = frozenset({"birth_date", "deceased_on"})


@lru_cache(maxsize=65536)
def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _key(given: object) -> str:
    key = str(given).strip() if isinstance(given, str | int) and not isinstance(given, bool) else ""
    if not key:
        raise _UnfitError('"customer" must be the key of a customer')
    if names_nobody(key):
        raise _UnfitError('"customer" names nobody, as NaN or null do; give the key of a customer')
    if len(key) > LONGEST_KEY or "\0" in key:
        raise _UnfitError(f'"customer" must have at most {LONGEST_KEY} signs and no NUL')
    return key


def _moment(given: object, origin: Origin) -> datetime:
    try:
        moment = datetime.fromisoformat(cast("str", given))
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=origin.zone)
        if zoned.year < _FIRST_YEAR:
            raise ValueError("before there were such files")
        return min(zoned.astimezone(UTC), origin.read_at)
    except (TypeError, ValueError, OverflowError):
        raise _UnfitError("as_of must be a time such as 2026-11-23T08:00:00Z") from None


_FIRST_YEAR = 1900


def _verified(given: object, fields: Mapping[str, Any]) -> frozenset[str]:
    if isinstance(given, bool):
        return frozenset(fields) if given else frozenset()
    names = cast("list[object]", given) if isinstance(given, list) else [None]
    if not all(isinstance(name, str) for name in names):
        raise _UnfitError("verified must be a list of names of fields, or true for all of the line")
    return frozenset([*map(str, names), *(POSTAL_FIELDS if ADDRESS in names else ())])


# ---------------------------------------------------------------- other formats


def _mapped(
    path: Path, source: RunSource, mapping_for: Callable[[Mapping[str, Any]], RecordMapping | None], origin: Origin
) -> Iterator[FileCustomer]:
    for line, payload, data, wrong in _raw(path, source):
        if data is None:
            yield FileCustomer(line, payload, None, wrong)
            continue
        try:
            yield FileCustomer(line, payload, _record_by(mapping_for(data), data, origin))
        except (MappingError, _UnfitError) as unfit:
            yield FileCustomer(line, payload, None, str(unfit))


def _record_by(mapping: RecordMapping | None, data: Mapping[str, Any], origin: Origin) -> CustomerRecord:
    if mapping is None:
        raise _UnfitError("no shipped mapping takes this record: let a feed of the project read the file, with --feed")
    made = mapping.apply(data)
    if any(isinstance(value, str) and "\0" in value for value in made.customer_fields.values()):
        raise _UnfitError("text holds a NUL byte")
    return CustomerRecord(
        customer_key=origin.member_key(_key(made.customer_key)),
        source=origin.source,
        as_of=_moment(data["as_of"], origin) if data.get("as_of") else origin.as_of,
        fields=written_alike(made.customer_fields, origin.home_country),
        verified=made.verified,
        replaces_all=made.is_deleted,
        is_undated=not data.get("as_of"),
    )


def _raw(path: Path, source: RunSource) -> Iterator[tuple[int, bytes, Mapping[str, Any] | None, str]]:
    """Yield line, bytes and data of every record, or why there are none."""
    if isinstance(source, FileSource):
        # The mapping names the customer: a record need not have the key that a connection asks for.
        for record in source.records(path):
            yield record.line, record.payload, None if record.wrong else record.data, record.wrong or ""
        return
    for one in source.read(path, source=path.stem, event_type=""):
        if isinstance(one, SourceRecord):
            yield one.position or 0, one.payload, one.data, ""
        else:
            yield one.position or 0, one.payload, None, one.reason
