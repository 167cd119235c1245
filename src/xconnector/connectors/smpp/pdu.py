"""Units of the protocol (SMPP 3.4, chapters 4 and 5) as bytes, and back."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self

_HEAD = struct.Struct("!IIII")
HEAD_LENGTH = _HEAD.size
LARGEST = 70 * 1024
"""Bytes of one unit: a payload of 64 KiB and what surrounds it."""
IS_ANSWER = 0x80000000


class Command(IntEnum):
    """What a unit is."""

    GENERIC_NACK = 0x80000000
    QUERY_SM = 0x00000003
    SUBMIT_SM = 0x00000004
    DELIVER_SM = 0x00000005
    UNBIND = 0x00000006
    BIND_TRANSCEIVER = 0x00000009
    ENQUIRE_LINK = 0x00000015


class Tag(IntEnum):
    """Optional parameters that we read or write."""

    RECEIPTED_MESSAGE_ID = 0x001E
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


@dataclass(frozen=True, slots=True, kw_only=True)
class Pdu:
    """One unit."""

    command: int
    status: int = 0
    sequence: int
    body: bytes = field(default=b"", repr=False)

    def octets(self) -> bytes:
        return _HEAD.pack(HEAD_LENGTH + len(self.body), self.command, self.status, self.sequence) + self.body

    @property
    def is_answer(self) -> bool:
        return bool(self.command & IS_ANSWER)

    def answered(self, body: bytes = b"", *, status: int = 0) -> "Pdu":
        """Return the answer to this request."""
        return Pdu(command=self.command | IS_ANSWER, status=status, sequence=self.sequence, body=body)


def head_of(octets: bytes) -> tuple[int, Pdu]:
    """Return how long the body is that follows, and the unit without it. Raises ValueError for no length."""
    length, command, status, sequence = _HEAD.unpack(octets)
    if not HEAD_LENGTH <= length <= LARGEST:
        raise ValueError(f"a unit says that it has {length} bytes")
    return length - HEAD_LENGTH, Pdu(command=command, status=status, sequence=sequence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who sends or receives a message."""

    number: str = field(repr=False)
    ton: int
    """Type of number."""
    npi: int
    """Numbering plan."""

    def octets(self) -> bytes:
        return bytes((self.ton, self.npi)) + c_octets(self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """A message on its way, either way (`submit_sm`, `deliver_sm`)."""

    source: Party
    destination: Party
    esm_class: int
    data_coding: int
    text: bytes = field(repr=False)
    """As it stands in `short_message`: with its header, where `esm_class` says so."""
    registered_delivery: int = 0
    validity: str = ""
    parameters: Mapping[int, bytes] = field(default_factory=dict[int, bytes], repr=False)

    def octets(self) -> bytes:
        return b"".join(
            (
                c_octets(""),
                self.source.octets(),
                self.destination.octets(),
                bytes((self.esm_class, 0, 0)),
                c_octets(""),
                c_octets(self.validity),
                bytes((self.registered_delivery, 0, self.data_coding, 0, len(self.text))),
                self.text,
                *(struct.pack("!HH", tag, len(value)) + value for tag, value in self.parameters.items()),
            )
        )

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Raises ValueError, which shows nothing of it, where this is no message."""
        reading = _Reading(body)
        try:
            reading.text()
            source, destination = reading.party(), reading.party()
            esm_class, _, _ = reading.number(), reading.number(), reading.number()
            reading.text()
            validity = reading.text()
            registered, _, coding, _ = (reading.number() for _ in range(4))
            text = reading.octets(reading.number())
            return cls(
                source=source,
                destination=destination,
                esm_class=esm_class,
                data_coding=coding,
                text=text,
                registered_delivery=registered,
                validity=validity,
                parameters=reading.parameters(),
            )
        except (IndexError, struct.error):
            raise ValueError("the unit is no message: it ends too early") from None


def c_octets(text: str) -> bytes:
    """Return a text as the protocol ends it."""
    return text.encode("ascii") + b"\0"


def text_in(body: bytes) -> str:
    """Return the text at the beginning of a body; without an end it is all of it."""
    return body.partition(b"\0")[0].decode("latin-1")


class _Reading:
    """A body, read from its beginning. Raises IndexError or struct.error where it ends too early."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def text(self) -> str:
        end = self._body.find(b"\0", self._at)
        if end < 0:
            raise IndexError
        found = self._body[self._at : end].decode("latin-1")
        self._at = end + 1
        return found

    def number(self) -> int:
        self._at += 1
        return self._body[self._at - 1]

    def octets(self, length: int) -> bytes:
        found = self._body[self._at : self._at + length]
        if len(found) < length:
            raise IndexError
        self._at += length
        return found

    def party(self) -> Party:
        ton, npi = self.number(), self.number()
        return Party(number=self.text(), ton=ton, npi=npi)

    def parameters(self) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        while self._at < len(self._body):
            tag, length = struct.unpack("!HH", self.octets(4))
            found[tag] = self.octets(length)
        return found
