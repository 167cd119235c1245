"""Packs a PDF as Typst writes it: plain objects into compressed object streams (ISO 32000-1, 7.5.7 and 7.5.8).

A tagged letter is mostly structure, written out in full; packed, a statement has a third of its
size. qpdf does the same for six times the processor's time, and does it here where a PDF has
another form than we know.
"""

import io
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pikepdf

_START = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*\Z")
_TABLE = re.compile(rb"xref\n0 (\d+)\n")
_TRAILER = re.compile(rb"trailer\n<<(?P<entries>/Size \d+.*)>>\nstartxref", re.DOTALL)
_SIZE = re.compile(rb"/Size \d+")
_ROOT = re.compile(rb"/Root (\d+) 0 R")
_PAGES = re.compile(rb"/Pages (\d+) 0 R")
_COUNT = re.compile(rb"/Count (\d+)")
_TABLE_ROW = 20
_TAIL = 64
_PER_STREAM = 200
_LEVEL = 4

_FREE_ROW = b"\0\0\0\0\0\xff\xff"


class UnfamiliarError(Exception):
    """A PDF of another form than Typst's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What a PDF consists of."""

    header: bytes
    streams: Mapping[int, bytes]
    """Objects with a stream, from `obj` to `endobj`."""
    plain: Mapping[int, bytes]
    """The content of all other objects."""
    entries: bytes
    """What stands in the trailer."""
    size: int


def packed(pdf: bytes) -> tuple[bytes, int]:
    """Return the same document in object streams, and its number of pages; the same bytes for the same bytes."""
    try:
        return repacked(pdf)
    except UnfamiliarError:
        return _packed_by_qpdf(pdf)


def repacked(pdf: bytes) -> tuple[bytes, int]:
    """Pack a PDF with one table of references and nothing compressed but its streams.

    Raises UnfamiliarError for any other.
    """
    parts = _parts(pdf)
    return _written(parts), _pages(parts)


def _parts(pdf: bytes) -> _Parts:
    start = int(_found(_START, pdf, len(pdf) - _TAIL)[1])
    table = _found(_TABLE, pdf, start)
    size = int(table[1])
    rows = [pdf[table.end() + _TABLE_ROW * number :][:_TABLE_ROW] for number in range(1, size)]
    if table.start() != start or not all(row.endswith(b" 00000 n\r\n") for row in rows):
        raise UnfamiliarError
    places = sorted((int(row[:10]), number) for number, row in enumerate(rows, start=1))
    streams: dict[int, bytes] = {}
    plain: dict[int, bytes] = {}
    for (begin, number), (end, _) in pairwise([*places, (start, 0)]):
        text = pdf[begin:end].rstrip()
        opening = b"%d 0 obj\n" % number
        if not text.startswith(opening) or not text.endswith(b"\nendobj"):
            raise UnfamiliarError
        if text.endswith(b"\nendstream\nendobj"):
            streams[number] = text
        else:
            plain[number] = text[len(opening) : -len(b"\nendobj")]
    entries = _found(_TRAILER, pdf, start)["entries"]
    return _Parts(header=pdf[: places[0][0]], streams=streams, plain=plain, entries=entries, size=size)


def _pages(parts: _Parts) -> int:
    catalog = _object(parts, int(_found(_ROOT, parts.entries)[1]))
    tree = _object(parts, int(_found(_PAGES, catalog)[1]))
    return int(_found(_COUNT, tree)[1])


def _written(parts: _Parts) -> bytes:
    written = [parts.header]
    position = len(parts.header)
    rows = {0: _FREE_ROW}
    following = parts.size
    for number, text in [*parts.streams.items(), *_object_streams(parts.plain, following, rows)]:
        rows[number] = _row(1, position, 0)
        written.append(text + b"\n")
        position += len(text) + 1
        following = max(following, number + 1)
    rows[following] = _row(1, position, 0)
    written.append(_references(rows, parts.entries, following))
    written.append(b"startxref\n%d\n%%%%EOF\n" % position)
    return b"".join(written)


def _object_streams(plain: Mapping[int, bytes], following: int, rows: dict[int, bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield object streams of the plain objects, and note in `rows` where each object is."""
    numbers = list(plain)
    for first in range(0, len(numbers), _PER_STREAM):
        group = numbers[first : first + _PER_STREAM]
        for index, number in enumerate(group):
            rows[number] = _row(2, following, index)
        yield following, _object_stream(following, group, plain)
        following += 1


def _object_stream(number: int, group: Sequence[int], plain: Mapping[int, bytes]) -> bytes:
    offset = 0
    index: list[bytes] = []
    for member in group:
        index.append(b"%d %d" % (member, offset))
        offset += len(plain[member]) + 1
    head = b" ".join(index) + b"\n"
    content = head + b"\n".join(plain[member] for member in group)
    return _stream(number, b"/Type/ObjStm/N %d/First %d" % (len(group), len(head)), content)


def _references(rows: Mapping[int, bytes], entries: bytes, number: int) -> bytes:
    size = _SIZE.sub(b"/Size %d" % (number + 1), entries, count=1)
    content = b"".join(rows[row] for row in range(number + 1))
    return _stream(number, b"/Type/XRef/W[1 4 2]" + size, content) + b"\n"


def _stream(number: int, entries: bytes, content: bytes) -> bytes:
    body = zlib.compress(content, _LEVEL)
    head = b"%d 0 obj\n<<%s/Filter/FlateDecode/Length %d>>\nstream\n" % (number, entries, len(body))
    return head + body + b"\nendstream\nendobj"


def _row(kind: int, place: int, index: int) -> bytes:
    return bytes([kind]) + place.to_bytes(4, "big") + index.to_bytes(2, "big")


def _object(parts: _Parts, number: int) -> bytes:
    if number not in parts.plain:
        raise UnfamiliarError
    return parts.plain[number]


def _found(pattern: re.Pattern[bytes], text: bytes, start: int = 0) -> re.Match[bytes]:
    found = pattern.search(text, max(start, 0))
    if found is None:
        raise UnfamiliarError
    return found


def _packed_by_qpdf(pdf: bytes) -> tuple[bytes, int]:
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        pages = len(document.pages)
        document.save(
            written,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            deterministic_id=True,
            # The metadata is right as it is, byte for byte.
            fix_metadata_version=False,
        )
    return written.getvalue(), pages
