"""Which message is part of which text: kept in a folder, so that receipts find their text after days and restarts."""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec

from xconnector.connectors.smpp.arrivals import number_digest
from xconnector.connectors.smpp.settings import ReceiptIds
from xconnector.contract.state_files import write_durably

_HEXADECIMAL = frozenset("0123456789abcdef")


class SentText(msgspec.Struct, frozen=True, kw_only=True):
    """One text, as far as it was taken."""

    dispatch_key: str
    asked: list[int]
    """Parts of which a receipt is asked for."""
    ids: list[str]
    """What the message centre calls the parts that it took, in their sequence."""


class _Place(msgspec.Struct, frozen=True):
    dispatch_key: str
    part: int
    number: str
    """Its digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The part of a text that a receipt speaks of."""

    text: SentText
    part: int


class SentTexts:
    """The folder: one folder for each day, so that forgetting is cheap."""

    def __init__(self, folder: Path, *, remember: timedelta, receipt_ids: ReceiptIds) -> None:
        self._folder = folder
        self._remember = remember
        self._receipt_ids = receipt_ids

    def text(self, dispatch_key: str) -> SentText | None:
        """Return what was taken of a text so far; None where nothing was."""
        for day in self._days():
            try:
                return msgspec.json.decode((day / "texts" / _name(dispatch_key)).read_bytes(), type=SentText)
            except (FileNotFoundError, msgspec.DecodeError):
                continue
        return None

    def took(self, text: SentText, *, number: str, at: datetime) -> None:
        """Remember that the last of its parts was taken, durable when this returns."""
        day = self._folder / at.date().isoformat()
        place = _Place(text.dispatch_key, len(text.ids), number_digest(number))
        write_durably(day / "ids" / _name(_plain(text.ids[-1])), msgspec.json.encode(place))
        write_durably(day / "texts" / _name(text.dispatch_key), msgspec.json.encode(text))

    def find(self, message_id: str, *, number: str) -> Found | None:
        """Return what a receipt with this id, from this number, speaks of."""
        places = [place for reading in self._readings(message_id) for place in self._places(reading)]
        same_number = [one for one in places if one.number == number_digest(number)]
        # Message centres spell numbers in several ways; but of several texts the number alone tells which is meant.
        is_one = len({one.dispatch_key for one in places}) == 1 and self._receipt_ids is not ReceiptIds.ANY
        chosen = next(iter(same_number or (places if is_one else [])), None)
        text = self.text(chosen.dispatch_key) if chosen is not None else None
        return Found(text=text, part=chosen.part) if chosen is not None and text is not None else None

    def arrived(self, found: Found) -> int:
        """Note that a part arrived, and return how many of those that are asked for have not yet."""
        for day in self._days():
            if (day / "texts" / _name(found.text.dispatch_key)).exists():
                marks = day / "arrived" / _name(found.text.dispatch_key)
                write_durably(marks / str(found.part), b"")
                return sum(1 for part in found.text.asked if not (marks / str(part)).exists())
        return 0

    def forget(self, now: datetime) -> None:
        """Remove what is older than is to be remembered."""
        oldest = (now - self._remember).date()
        for day in self._days():
            if (told := _day(day)) is not None and told < oldest:
                shutil.rmtree(day, ignore_errors=True)

    def _days(self) -> Sequence[Path]:
        """Return the days' folders, the latest first."""
        return sorted(self._folder.iterdir(), reverse=True) if self._folder.is_dir() else []

    def _places(self, reading: str) -> Iterator[_Place]:
        for day in self._days():
            try:
                yield msgspec.json.decode((day / "ids" / _name(reading)).read_bytes(), type=_Place)
            except (FileNotFoundError, msgspec.DecodeError):
                continue

    def _readings(self, message_id: str) -> Iterator[str]:
        plain = _plain(message_id)
        if self._receipt_ids in {ReceiptIds.ANY, ReceiptIds.SAME}:
            yield plain
        if self._receipt_ids in {ReceiptIds.ANY, ReceiptIds.HEXADECIMAL} and plain and set(plain) <= _HEXADECIMAL:
            yield str(int(plain, 16))
        if self._receipt_ids in {ReceiptIds.ANY, ReceiptIds.DECIMAL} and plain.isascii() and plain.isdigit():
            yield f"{int(plain):x}"


def _plain(message_id: str) -> str:
    """Return an id without what differs though it means the same: capitals, and zeros in front."""
    return message_id.strip().lower().removeprefix("0x").lstrip("0") or "0"


def _name(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:40]


def _day(folder: Path) -> date | None:
    try:
        return date.fromisoformat(folder.name)
    except ValueError:
        return None
