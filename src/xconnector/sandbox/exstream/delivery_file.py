"""The standard delivery file of a job: which customer stands in which file of which queue.

Engines write it when all is composed; it is gathered beside the outputs until then, so that a run may be of any size.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Self
from xml.sax.saxutils import escape, quoteattr

from xconnector.sandbox.exstream.customers import ComposedCustomer, QueueFile
from xconnector.sandbox.exstream.faults import Faults

NAME = "_STDDELIVERYFILE.xml"
_PDL = {"application/pdf": "PDF", "text/html": "HTML", "message/rfc822": "HTML"}
_AT_ONCE = 1024 * 1024
"""Characters that are held in memory."""


@dataclass(slots=True, kw_only=True)
class _Queue:
    """What is known of one queue so far; its lines lie in a file."""

    opening: str
    lines: IO[str]


@dataclass(slots=True, kw_only=True)
class DeliveryDraft:
    """A delivery file that is being gathered."""

    key_name: str | None
    """Name of the designer's own key; None where customers are known by their numbers."""
    folder: "TemporaryDirectory[str]" = field(default_factory=TemporaryDirectory)
    customers: int = 0
    pages: int = 0
    _queues: dict[str, _Queue] = field(default_factory=dict[str, _Queue])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for queue in self._queues.values():
            queue.lines.close()
        self.folder.cleanup()

    def file(self, customer: ComposedCustomer, file: QueueFile, path: str) -> None:
        """Put down one file of a customer; `path` is what the engine calls it."""
        self.pages += file.pages
        name, pdl = quoteattr(file.queue), _PDL.get(file.media_type, "TXT")
        queue = self._queue(
            file.queue, f"<queue mimeType={quoteattr(file.media_type)} pdl={quoteattr(pdl)} name={name}>"
        )
        queue.lines.write(
            f"<file name={quoteattr(path)}>{self._customer(customer, file.pages)}"
            f"<pageCount>{file.pages}</pageCount><fileSize>{len(file.content)}</fileSize></file>\n"
        )

    def report(self, customer: ComposedCustomer, name: str, path: str) -> None:
        """Put down a customer of a report file."""
        opening = (
            f'<queue mimeType="application/pdf" pdl="PDF" name={quoteattr(name)}>'
            f'<reportFile dataFile={quoteattr(name)} mimeType="text/plain" name={quoteattr(path)}>'
        )
        self._queue(f"report {name}", opening).lines.write(self._customer(customer, customer.pages) + "\n")

    def whole(self, encoding: str) -> Path:
        """Return the file as it is to be, in UTF-8 whatever its head says."""
        path = Path(self.folder.name) / "whole.xml"
        with path.open("w", encoding="utf-8", newline="") as whole:
            whole.writelines(self._text(encoding.upper()))
        return path

    def _text(self, encoding: str) -> Iterator[str]:
        yield f'<?xml version="1.0" encoding="{encoding}" standalone="no" ?><!DOCTYPE outputList>\n'
        yield f'<outputList transactions="0" customersProcessed="{self.customers}" pagesProcessed="{self.pages}">\n'
        for queue in self._queues.values():
            yield queue.opening
            queue.lines.seek(0)
            while piece := queue.lines.read(_AT_ONCE):
                yield piece
            yield "</reportFile></queue>\n" if "<reportFile" in queue.opening else "</queue>\n"
        yield "</outputList>\n"

    def _queue(self, name: str, opening: str) -> _Queue:
        if name not in self._queues:
            path = Path(self.folder.name) / f"queue-{len(self._queues)}"
            self._queues[name] = _Queue(opening=opening, lines=path.open("w+", encoding="utf-8", newline=""))
        return self._queues[name]

    def _customer(self, customer: ComposedCustomer, pages: int) -> str:
        own = ""
        if self.key_name is not None and customer.key is not None:
            own = f"<key name={quoteattr(self.key_name)}>{escape(customer.key)}</key>"
        return (
            f'<customer number="{customer.number}">{own}<key name="StartPageCustomer">1</key>'
            f'<key name="TotalPagesInDocument">{pages}</key></customer>'
        )


async def grow(draft: DeliveryDraft, target: Path, faults: Faults) -> AsyncIterator[None]:
    """Write the delivery file part by part; yields before the last one."""
    encoding = faults.delivery_encoding
    whole = await asyncio.to_thread(draft.whole, encoding)
    size = whole.stat().st_size
    ends_at = size * 2 // 3 if faults.delivery_file == "truncated" else size
    part = max(1, -(-ends_at // faults.delivery_parts))
    with whole.open(encoding="utf-8", newline="") as text, target.open("wb") as written:
        for number in range(faults.delivery_parts):
            if number == faults.delivery_parts - 1:
                yield
            left = min(part, ends_at - number * part)
            while left > 0 and (piece := text.read(min(left, _AT_ONCE))):
                left -= len(piece)
                await asyncio.to_thread(written.write, _encoded(piece, encoding, is_first=written.tell() == 0))
            written.flush()
            await asyncio.sleep(faults.delivery_pause if number < faults.delivery_parts - 1 else 0)


def _encoded(piece: str, encoding: str, *, is_first: bool) -> bytes:
    if encoding == "utf-8":
        return piece.encode()
    # The codec that leaves the byte order open puts its mark before every piece.
    return (b"\xff\xfe" if is_first else b"") + piece.encode("utf-16-le")
