"""What came in over the line, kept in a folder before it is answered, until it is read.

STOPs lie in a folder of their own, named by the digest of their number: so that nothing is sent to somebody whose STOP
waits, and that is seen at once however much else waits.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from xconnector.connectors.smpp.parts import text_of
from xconnector.connectors.smpp.pdu import Sms, Tag
from xconnector.connectors.smpp.receipt import is_receipt
from xconnector.connectors.smpp.settings import Alphabet
from xconnector.contract.state_files import write_durably
from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.opt_out import meaning_of_text

_HAS_HEADER = 0x40
_DIGEST = 32
_MARK = 16
_STOP = "stop"
_COMES_AGAIN_WITHIN = timedelta(minutes=10)
"""A message centre that missed our answer gives the same message again; a person may write the same another day."""


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
        self._stops = folder / "stops"
        self._aside = folder / "aside"
        self._alphabet = alphabet
        self._lately: dict[str, datetime] = {}

    def keep(self, body: bytes, *, at: datetime) -> None:
        """Keep a message; the same bytes that come again within minutes are kept once. Raises OSError."""
        mark = hashlib.sha256(body).hexdigest()[:_MARK]
        self._lately = {known: when for known, when in self._lately.items() if at - when < _COMES_AGAIN_WITHIN}
        if mark in self._lately:
            return
        message = Sms.read(body)
        kind = "receipt" if is_receipt(message) else _kind_of_text(inbound_text(message, self._alphabet))
        name = f"{at.timestamp():020.6f}-{kind}-{number_digest(message.source.number)}-{mark}"
        write_durably(self._path(name), body)
        # Not before: what could not be kept must be given again.
        self._lately[mark] = at

    def names(self) -> Sequence[str]:
        """Return the names of all that waits, the oldest first."""
        return sorted([*_names_in(self._folder), *_names_in(self._stops)])

    def read(self, name: str) -> Arrival | None:
        """Return what waits under a name; None where another process was quicker."""
        path = self._path(name)
        try:
            return Arrival(name=name, arrived_at=_time(name), body=path.read_bytes())
        except FileNotFoundError:
            return None

    def stops_of(self, number: str) -> Sequence[str]:
        """Return the names of STOPs of a number that wait."""
        digest = number_digest(number)
        return [name for name in _names_in(self._stops) if name.split("-")[2:3] == [digest]]

    def done(self, name: str) -> None:
        """Forget a message that was read."""
        self._path(name).unlink(missing_ok=True)

    def set_aside(self, name: str, reason: str) -> None:
        """Keep a message that is nobody's beside, with the reason."""
        self._aside.mkdir(mode=0o700, exist_ok=True)
        (self._aside / f"{name}.reason").write_text(reason + "\n", encoding="utf-8")
        with suppress(FileNotFoundError):
            self._path(name).replace(self._aside / name)

    def forget(self, before: datetime) -> None:
        """Remove what was set aside and arrived before a time."""
        for name in _names_in(self._aside):
            if _time(name) < before:
                (self._aside / name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return (self._stops if name.split("-")[1:2] == [_STOP] else self._folder) / name


def _names_in(folder: Path) -> Iterator[str]:
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        yield from (entry.name for entry in entries if entry.name[0] != "." and entry.is_file())


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
    return _STOP if meaning_of_text(text) is DeliveryEventType.UNSUBSCRIBED else "text"


def _time(name: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(name.partition("-")[0]), UTC)
    except (ValueError, OverflowError):
        return datetime.now(UTC)
