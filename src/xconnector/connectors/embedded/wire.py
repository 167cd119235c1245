"""What the composer and its processes say to each other, framed on a socket."""

import struct

import msgspec

_LENGTH = struct.Struct(">I")
HEADER_BYTES = _LENGTH.size
FRAME_LIMIT = 256 * 1024 * 1024
OUT_OF_MEMORY = 70
"""Exit status of a process after Python itself found no memory; the engine aborts with SIGABRT instead."""


class Setup(msgspec.Struct, frozen=True, array_like=True):
    """The first thing a process hears."""

    templates: str
    """The published copy of the templates, which never changes."""
    shown_as: str
    """What operators call the folder of the templates."""
    fonts: tuple[str, ...]
    memory: int
    """Bytes of address space."""
    deadline: float
    """Seconds a document."""
    compilers: int
    sms_segments: int
    sms_plain_punctuation: bool


class Task(msgspec.Struct, frozen=True, array_like=True):
    """One document to be composed."""

    template: str
    kinds: tuple[str, ...]
    communication_id: str
    issued_at: int
    """Seconds since 1970."""
    data: bytes
    """The order's data as JSON in UTF-8."""


class Ready(msgspec.Struct, frozen=True, array_like=True, tag="ready"):
    """The process has loaded everything and composes from now on."""


class Unable(msgspec.Struct, frozen=True, array_like=True, tag="unable"):
    """The process cannot start."""

    reason: str


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """One rendition."""

    kind: str
    content: bytes
    sha256: str
    pages: int | None


class Made(msgspec.Struct, frozen=True, array_like=True, tag="made"):
    """The document of the oldest open task."""

    pieces: tuple[Piece, ...]
    worn: bool
    """Whether the process has grown so large that it should be replaced."""


class Refused(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    """The oldest open task cannot be composed."""

    reason: str


Answer = Ready | Unable | Made | Refused

_encoder = msgspec.msgpack.Encoder()
_answers = msgspec.msgpack.Decoder(Answer)


def frame(said: msgspec.Struct) -> bytes:
    """Return the bytes that say it: their length in four bytes, then MessagePack."""
    body = _encoder.encode(said)
    return _LENGTH.pack(len(body)) + body


def length_of(header: bytes) -> int:
    """Return how many bytes follow the header.

    Raises ValueError beyond FRAME_LIMIT.
    """
    (length,) = _LENGTH.unpack(header)
    if length > FRAME_LIMIT:
        raise ValueError(f"a frame of {length} bytes is beyond {FRAME_LIMIT}")
    return length


class Answers:
    """Puts the answers of a process together from the pieces in which they arrive."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, received: bytes) -> list[Answer]:
        """Return every answer that is now whole, oldest first."""
        self._held += received
        whole: list[Answer] = []
        start = 0
        while (length := self._next_length(start)) is not None:
            start += HEADER_BYTES
            whole.append(_answers.decode(bytes(self._held[start : start + length])))
            start += length
        del self._held[:start]
        return whole

    def _next_length(self, start: int) -> int | None:
        header = bytes(self._held[start : start + HEADER_BYTES])
        if len(header) < HEADER_BYTES:
            return None
        length = length_of(header)
        return length if len(self._held) >= start + HEADER_BYTES + length else None
