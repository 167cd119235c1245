r"""A pack: the documents of one batch in one file, followed by their index.

    documents, one after the other
    index: a JSON line for each document (offset, length, sha256, communication, kind, class, retention)
    trailer, 84 bytes: "\n" + SHA-256 of the index in hexadecimal + length of the index in 12 digits + "\nXPACK1"

The pack is named after the SHA-256 of its index: the same documents under the same rules are the same pack.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import msgspec

from xconnector.contract.archive import Record
from xconnector.domain.document import RenditionKind, content_digest

_MAGIC = b"\nXPACK1"
_LENGTH_DIGITS = 12
_DIGEST_DIGITS = 64
TRAILER_LENGTH = 1 + _DIGEST_DIGITS + _LENGTH_DIGITS + len(_MAGIC)
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class PackEntry:
    """A line of the index: which document, where, and under which rule it was kept."""

    offset: int
    length: int
    """In bytes, like the offset."""
    sha256: str
    communication_id: UUID
    kind: RenditionKind
    record_class: str
    retain_until: date


class DamagedPackError(ValueError):
    """The pack's end is not what was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackPlan:
    """What a pack will hold, before it is written."""

    name: str
    entries: tuple[PackEntry, ...]
    """One for each record, in their sequence; records with the same bytes share them."""
    contents: tuple[bytes, ...]
    """What stands before the trailer: the documents without repetition, and the index."""
    size: int
    """Of the whole file, in bytes."""


def plan_pack(records: Sequence[Record]) -> PackPlan:
    """Lay out a pack of records, whose bytes are known to match their digests."""
    offsets: dict[str, int] = {}
    contents: list[bytes] = []
    entries: list[PackEntry] = []
    end = 0
    for record in records:
        rendition = record.rendition
        offset = offsets.setdefault(rendition.sha256, end)
        if offset == end:
            contents.append(rendition.content)
            end += len(rendition.content)
        entries.append(
            PackEntry(
                offset=offset,
                length=len(rendition.content),
                sha256=rendition.sha256,
                communication_id=record.communication_id,
                kind=rendition.kind,
                record_class=record.record_class,
                retain_until=record.retain_until,
            )
        )
    index = _encoder.encode_lines(entries)
    name = content_digest(index)
    trailer = b"\n%s%012d%s" % (name.encode(), len(index), _MAGIC)
    return PackPlan(
        name=name,
        entries=tuple(entries),
        contents=(*contents, index, trailer),
        size=end + len(index) + len(trailer),
    )


def read_index(descriptor: int) -> tuple[str, list[PackEntry]]:
    """Return name and index of an open pack. Raises DamagedPackError when they do not match."""
    size = os.fstat(descriptor).st_size
    trailer = os.pread(descriptor, TRAILER_LENGTH, max(0, size - TRAILER_LENGTH))
    name = trailer[1 : 1 + _DIGEST_DIGITS]
    length = trailer[1 + _DIGEST_DIGITS : -len(_MAGIC)]
    if len(trailer) != TRAILER_LENGTH or not trailer.endswith(_MAGIC) or not length.isdigit():
        raise DamagedPackError("its end is gone")
    start = size - TRAILER_LENGTH - int(length)
    index = os.pread(descriptor, int(length), start) if start >= 0 else b""
    if content_digest(index).encode() != name:
        raise DamagedPackError("its index is damaged")
    return name.decode(), msgspec.json.Decoder(PackEntry).decode_lines(index)
