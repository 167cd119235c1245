"""What delivery files name, customer by customer: they list queue after queue, and a customer's outputs lie apart.

A run may have a million customers, and several flows may each write a delivery file for it. What they name is put into
files by a hash of the customer's key, and then read file by file: memory holds the customers of one such file at a time
(some 16,000 of a million), the disk about 250 bytes for each output. A database would keep the same and be slower, and
one sorted file would have to be sorted.
"""

import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from weakref import finalize

import msgspec

from xconnector.connectors.exstream.delivery_file import DeliveredFile
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.driver.key import BY_POSITION
from xconnector.connectors.exstream.outputs import QueueOutput, composition_of
from xconnector.connectors.exstream.pages import PageCutter
from xconnector.contract.composer import Composition
from xconnector.contract.errors import PermanentError
from xconnector.domain.document import RenditionKind

_SHELVES = 64
_WRITTEN_AT_ONCE = 256 * 1024
_LONGEST_COUNT = 9
_PREFIX = "delivered-"
_ABANDONED_AFTER = 2 * 24 * 60 * 60.0
"""Seconds after which working files are those of a process that was killed."""
_MOST_TOLD = 5
_MOST_ENTRIES = 100
"""Of one customer: many more than queues that can be declared. A key that all share is not to fill memory."""

Name = str | int
"""What a customer is known by: its key, or where it stood in the run, counted from 1."""
OpenFile = Callable[[int, str], BinaryIO]
"""Opens a file by the number of its delivery and the name that Exstream gives it."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One file that holds something of one customer."""

    customer: Name
    number: int | None
    """Position in the run."""
    delivery: int
    """Which delivery file names it."""
    queue: str
    media_type: str
    file: str
    """As Exstream names it."""
    size: int | None
    pages: int | None
    shared: bool
    """Whether the file holds other customers as well."""
    first_page: int | None
    page_count: int | None


class PageKeys(msgspec.Struct, frozen=True):
    """The keys that tell where a customer stands in a file of several."""

    first_page: str = "StartPageCustomer"
    page_count: str = "TotalPagesInDocument"


class DeliveredCustomers:
    """All customers of a run's delivery files. Filled once, then read; closed, its working files are gone."""

    def __init__(self, design: ExstreamDesign, *, scratch: Path, page_keys: PageKeys | None = None) -> None:
        """Keep the working files below `scratch`, which is made where it is not there."""
        self._key = design.key.name
        self._queues = frozenset(output.queue for output in design.outputs.values())
        self._page_keys = page_keys or PageKeys()
        scratch.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(scratch)
        self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=scratch))
        # Also where nobody came to read it.
        self._clear = finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._waiting = [bytearray() for _ in range(_SHELVES)]
        self._encoder = msgspec.json.Encoder()
        self.outputs = 0
        """How many outputs of the design's queues were named."""
        self.unnamed = 0
        """How many of them name no customer that we could know."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the working files; closing again changes nothing."""
        self._clear()

    def add(self, file: DeliveredFile, *, delivery: int = 0) -> None:
        """Take in a file that a delivery file names; those of undeclared queues are left alone."""
        if file.queue not in self._queues:
            return
        pages = self._pages(file)
        for customer, (first_page, page_count) in zip(file.customers, pages, strict=True):
            self.outputs += 1
            name = customer.number if self._key == BY_POSITION else customer.keys.get(self._key)
            if name is None or name == "":
                self.unnamed += 1
            else:
                self._keep(
                    Entry(
                        customer=name,
                        number=customer.number,
                        delivery=delivery,
                        queue=file.queue,
                        media_type=file.media_type,
                        file=file.name,
                        size=file.size,
                        pages=file.pages,
                        shared=len(file.customers) > 1,
                        first_page=first_page,
                        page_count=page_count,
                    )
                )

    def __iter__(self) -> Iterator[tuple[Name, Sequence[Entry]]]:
        """Yield every customer once, with all entries that name it, or with more than can be composed of."""
        for shelf in range(_SHELVES):
            self._write(shelf)
        decoder = msgspec.json.Decoder(Entry)
        for shelf in range(_SHELVES):
            customers: dict[Name, list[Entry]] = {}
            for entry in self._read(shelf, decoder):
                entries = customers.setdefault(entry.customer, [])
                if len(entries) <= _MOST_ENTRIES:
                    entries.append(entry)
            yield from customers.items()

    def _pages(self, file: DeliveredFile) -> Sequence[tuple[int | None, int | None]]:
        """Return first page and number of pages of each customer, and none where they reach into each other's."""
        if len(file.customers) == 1:
            return [(None, None)]
        keys = self._page_keys
        told = [(_count(one.keys, keys.first_page), _count(one.keys, keys.page_count)) for one in file.customers]
        return told if _are_apart(told) else [(None, None)] * len(told)

    def _keep(self, entry: Entry) -> None:
        shelf = zlib.crc32(str(entry.customer).encode("utf-8", "surrogatepass")) % _SHELVES
        waiting = self._waiting[shelf]
        waiting += self._encoder.encode(entry)
        waiting += b"\n"
        if len(waiting) > _WRITTEN_AT_ONCE:
            self._write(shelf)

    def _write(self, shelf: int) -> None:
        with self._path(shelf).open("ab") as written:
            written.write(self._waiting[shelf])
        self._waiting[shelf].clear()

    def _read(self, shelf: int, decoder: msgspec.json.Decoder[Entry]) -> Iterator[Entry]:
        with self._path(shelf).open("rb") as lines:
            for line in lines:
                yield decoder.decode(line)

    def _path(self, shelf: int) -> Path:
        return self._folder / str(shelf)


class CustomerOutputs:
    """Makes the composition of one customer after the other out of the files that its entries name. Close it."""

    def __init__(
        self, design: ExstreamDesign, *, template: str, engine: str, opened: OpenFile, check_sizes: bool = True
    ) -> None:
        """Open files with `opened`: its PermanentError fails the customer, its other errors pass through."""
        self._design = design
        self._template = template
        self._engine = engine
        self._opened = opened
        self._check_sizes = check_sizes
        self._cutter = PageCutter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the files that were left open; closing again changes nothing."""
        self._cutter.close()

    def composed(
        self, entries: Sequence[Entry], *, kinds: frozenset[RenditionKind] | None = None
    ) -> Composition | PermanentError:
        """Return what the files hold for the customer, or why it is none."""
        try:
            _refuse_duplicates(entries)
            outputs = [self._output(entry) for entry in entries]
            return composition_of(outputs, self._design, template=self._template, kinds=kinds, engine=self._engine)
        except PermanentError as refused:
            return refused

    def _output(self, entry: Entry) -> QueueOutput:
        content = self._pages(entry) if entry.shared else self._whole(entry)
        return QueueOutput(queue=entry.queue, media_type=entry.media_type, content=content, pages=entry.pages)

    def _whole(self, entry: Entry) -> bytes:
        with self._opened(entry.delivery, entry.file) as file:
            content = file.read()
        if self._check_sizes and entry.size is not None and entry.size != len(content):
            raise PermanentError(
                f"a file of queue {entry.queue!r} has another size than its delivery file says: was it changed, "
                "or is the disk full?"
            )
        return content

    def _pages(self, entry: Entry) -> bytes:
        if entry.media_type.strip().lower() != "application/pdf":
            raise PermanentError(
                f"a file of queue {entry.queue!r} holds several customers and is no PDF, so that it cannot be taken "
                "apart: let the design begin a file for each"
            )
        if entry.first_page is None or entry.page_count is None:
            raise PermanentError(
                f"a file of queue {entry.queue!r} holds several customers, and its keys do not tell whose pages are "
                "whose: let the design begin a file for each, or give their first page and number of pages as keys"
            )
        return self._cutter.cut(
            (entry.delivery, entry.file),
            lambda: self._opened(entry.delivery, entry.file),
            first=entry.first_page,
            count=entry.page_count,
        )


def _clear_abandoned(scratch: Path) -> None:
    for folder in scratch.glob(f"{_PREFIX}*"):
        with suppress(FileNotFoundError):
            if folder.stat().st_mtime < time.time() - _ABANDONED_AFTER:
                shutil.rmtree(folder, ignore_errors=True)


def _are_apart(told: Sequence[tuple[int | None, int | None]]) -> bool:
    ranges = sorted((first, count) for first, count in told if first is not None and count is not None)
    return all(first + count <= following for (first, count), (following, _) in pairwise(ranges))


def _refuse_duplicates(entries: Sequence[Entry]) -> None:
    """Raise PermanentError where one key names several customers: nobody could tell whose document is whose."""
    if len(entries) > _MOST_ENTRIES:
        raise PermanentError(
            f"this customer is named more than {_MOST_ENTRIES} times: let the key be unique (see `key:` in its "
            "exstream.yaml)"
        )
    # Every delivery file counts its own run.
    for delivery in sorted({entry.delivery for entry in entries}):
        _refuse_several([entry for entry in entries if entry.delivery == delivery])
    queues = [entry.queue for entry in entries]
    for queue in sorted(set(queues)):
        if (count := queues.count(queue)) > 1:
            raise PermanentError(
                f"queue {queue!r} names this customer {count} times: let its key be unique, "
                "or let one output hold the whole document"
            )


def _refuse_several(entries: Sequence[Entry]) -> None:
    numbers = sorted({entry.number for entry in entries if entry.number is not None})
    if len(numbers) > 1:
        told = ", ".join(map(str, numbers[:_MOST_TOLD])) + (" and others" if len(numbers) > _MOST_TOLD else "")
        raise PermanentError(
            f"customers {told} of the run have one key, so that nobody can tell their documents apart: "
            "let the key be unique (see `key:` in its exstream.yaml)"
        )


def _count(keys: Mapping[str, str], name: str) -> int | None:
    told = keys.get(name, "").strip()
    return int(told) if told.isascii() and told.isdigit() and len(told) <= _LONGEST_COUNT else None
