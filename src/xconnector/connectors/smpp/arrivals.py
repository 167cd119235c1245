"""What came in over the line, kept in a folder before it is answered, until it is read.

Names tell what is a STOP, and of which number by its digest: so that nothing is sent to somebody whose STOP waits.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from xconnector.connectors.smpp.parts import text_of
from xconnector.connectors.smpp.pdu import Sms, Tag
from xconnector.connectors.smpp.receipt import is_receipt
from xconnector.connectors.smpp.settings import Alphabet
from xconnector.connectors.smpp.state_files import write_durably
from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.opt_out import meaning_of_text

_HAS_HEADER = 0x40
_DIGEST = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One message that came in and waits."""

    name: str
    arrived_at: datetime
    body: bytes = field(repr=False)
    """As it came."""

    @property
    def message(self) -> Sms:
        return Sms.read(self.body)


class Arrivals:
    """The folder."""

    def __init__(self, folder: Path, *, alphabet: Alphabet) -> None:
        self._folder = folder
        self._alphabet = alphabet

    def keep(self, body: bytes, *, at: datetime) -> None:
        """Keep a message; the same bytes of the same second are kept once. Raises OSError."""
        message = Sms.read(body)
        kind = "receipt" if is_receipt(message) else _kind_of_text(inbound_text(message, self._alphabet))
        digest = number_digest(message.source.number)
        write_durably(self._folder / f"{at.timestamp():020.6f}-{kind}-{digest}-{uuid4().hex[:8]}", body)

    def waiting(self) -> Iterator[Arrival]:
        """Yield what waits, the oldest first."""
        for path in sorted(self._paths("*")):
            try:
                body = path.read_bytes()
            except FileNotFoundError:
                # Another process was quicker.
                continue
            yield Arrival(name=path.name, arrived_at=_time(path), body=body)

    def stops_of(self, number: str) -> Sequence[str]:
        """Return the names of STOPs of a number that wait."""
        return [path.name for path in self._paths(f"*-stop-{number_digest(number)}-*")]

    def done(self, name: str) -> None:
        """Forget a message that was read."""
        (self._folder / name).unlink(missing_ok=True)

    def set_aside(self, name: str, reason: str) -> None:
        """Keep a message that is nobody's beside, with the reason."""
        aside = self._folder / "aside"
        aside.mkdir(mode=0o700, exist_ok=True)
        (aside / f"{name}.reason").write_text(reason + "\n", encoding="utf-8")
        try:
            (self._folder / name).replace(aside / name)
        except FileNotFoundError:
            return

    def _paths(self, pattern: str) -> Iterator[Path]:
        if self._folder.is_dir():
            yield from (path for path in self._folder.glob(pattern) if path.is_file() and path.name[0] != ".")


def inbound_text(message: Sms, alphabet: Alphabet) -> str:
    """Return what a person wrote."""
    return text_of(
        message.text or message.parameters.get(Tag.MESSAGE_PAYLOAD, b""),
        data_coding=message.data_coding,
        has_header=bool(message.esm_class & _HAS_HEADER),
        alphabet=alphabet,
    )


def number_digest(number: str) -> str:
    """Return what stands for a number in the names of files: the same with and without its plus sign or zeros."""
    digits = "".join(filter(str.isdigit, number)).lstrip("0")
    return hashlib.sha256(digits.encode()).hexdigest()[:_DIGEST]


def _kind_of_text(text: str) -> str:
    return "stop" if meaning_of_text(text) is DeliveryEventType.UNSUBSCRIBED else "text"


def _time(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(float(path.name.partition("-")[0]), UTC)
    except (ValueError, OverflowError):
        return datetime.now(UTC)
