"""Acknowledgement files: what the house says of a bundle and its letters, as delivery events.

`<bundle>.ack.jsonl` holds JSON Lines: `{"bundle": …, "status": …, "reason": …, "at": …}` speaks for
every letter of the bundle, a line that has a `dispatch_key` for that one alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import msgspec

from xconnector.connectors.print_house.manifest import Contents
from xconnector.connectors.print_house.settings import PrintHouseSettings
from xconnector.connectors.print_house.totals import Count
from xconnector.connectors.print_house.words import REASONS, STATUSES, Meaning
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType, DeliveryReason

_NAME = re.compile(r"(?P<bundle_key>[A-Za-z0-9][A-Za-z0-9._-]{0,127}?)\.ack\.jsonl(?P<seal>\.(?:pgp|gpg|asc))?")
_SEALS = ("", ".pgp", ".gpg", ".asc")
_WORD = re.compile(r"[a-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgementFolders:
    """Where acknowledgements lie: new ones, those we took, and those we could not read."""

    new: str | None
    """None where the house does not acknowledge."""
    seals: tuple[str, ...] = ("",)
    """What a file's name may end with; files may be sealed where we have keys."""

    @classmethod
    def of(cls, settings: PrintHouseSettings) -> Self:
        answers = settings.acknowledgement
        return cls(new=answers.folder if answers else None, seals=_SEALS if settings.pgp else ("",))

    @property
    def done(self) -> str:
        return f"{self.new}/done"

    @property
    def set_aside(self) -> str:
        return f"{self.new}/set-aside"

    def places_of(self, bundle_key: str) -> tuple[str, ...]:
        """Return the names under which an acknowledgement of the bundle can lie."""
        if self.new is None:
            return ()
        return tuple(
            f"{folder}/{bundle_key}.ack.jsonl{seal}"
            for folder in (self.new, self.done, self.set_aside)
            for seal in self.seals
        )


class UnreadableAcknowledgementError(ValueError):
    """The file cannot be understood; the message says where, without its content."""


def bundle_of(name: str) -> str | None:
    """Return the key of the bundle that a file acknowledges, or None for a file that is something else."""
    found = _NAME.fullmatch(name)
    return found["bundle_key"] if found else None


def is_sealed(name: str) -> bool:
    """Say whether an acknowledgement's name tells that it is encrypted or signed."""
    found = _NAME.fullmatch(name)
    return found is not None and found["seal"] is not None


class _Line(msgspec.Struct):
    bundle: str
    status: str
    dispatch_key: str | None = None
    reason: str = ""
    at: datetime | None = None
    pieces: int | None = None
    pages: int | None = None
    sheets: int | None = None


def events_of(
    content: bytes, *, bundle_key: str, contents: Contents, written_at: datetime | None
) -> list[DeliveryEvent]:
    """Return what an acknowledgement says, as events of the bundle's letters.

    `written_at`, of the file, stands in for a time that the house does not tell: the same file gives the
    same events, however often it is read. Totals that are not those of the bundle fail every letter of it.
    Raises UnreadableAcknowledgementError for a file that speaks of something else or is damaged.
    """
    dispatch_keys = contents.dispatch_keys
    known = frozenset(dispatch_keys)
    events: list[DeliveryEvent] = []
    for number, raw, line in _lines(content):
        if line.bundle != bundle_key:
            raise UnreadableAcknowledgementError(f"line {number} speaks of another bundle")
        if line.dispatch_key is not None and line.dispatch_key not in known:
            raise UnreadableAcknowledgementError(f"line {number} names a piece that the bundle does not hold")
        occurred_at = line.at or written_at
        if occurred_at is None:
            raise UnreadableAcknowledgementError(f"line {number} tells no time, nor does the server of the file")
        if occurred_at.tzinfo is None:
            raise UnreadableAcknowledgementError(f"line {number} tells a time without its zone")
        keys = dispatch_keys if line.dispatch_key is None else [line.dispatch_key]
        events += [_event(line, key, occurred_at, raw) for key in keys]
        disagreement = _disagreement(line, contents.totals)
        events += [_failed(disagreement, key, occurred_at, raw) for key in dispatch_keys if disagreement]
    if not events:
        raise UnreadableAcknowledgementError("it is empty")
    return events


def _lines(content: bytes) -> Iterator[tuple[int, bytes, _Line]]:
    decode = msgspec.json.Decoder(_Line).decode
    for number, raw in enumerate(content.splitlines(), start=1):
        if not raw.strip():
            continue
        try:
            yield number, raw, decode(raw)
        except msgspec.DecodeError as error:
            raise UnreadableAcknowledgementError(f"line {number} is no acknowledgement") from error


def _event(line: _Line, dispatch_key: str, occurred_at: datetime, raw: bytes) -> DeliveryEvent:
    meaning = STATUSES.get(line.status, Meaning(DeliveryEventType.UNKNOWN))
    return DeliveryEvent(
        dispatch_key=dispatch_key,
        type=meaning.type,
        occurred_at=occurred_at,
        reason=_reason(line, meaning),
        detail=_detail(line),
        final=meaning.final,
        raw=raw,
    )


def _disagreement(line: _Line, announced: Count) -> str:
    """Return which totals of the bundle the house counted otherwise, in its words and ours; nothing where none."""
    if line.dispatch_key is not None:
        return ""
    counted = {"pieces": line.pieces, "pages": line.pages, "sheets": line.sheets}
    wrong = [
        f"{name} {counted[name]} for {told}"
        for name, told in announced.told().items()
        if counted[name] is not None and counted[name] != told
    ]
    return f"totals do not agree: {', '.join(wrong)}" if wrong else ""


def _failed(why: str, dispatch_key: str, occurred_at: datetime, raw: bytes) -> DeliveryEvent:
    return DeliveryEvent(
        dispatch_key=dispatch_key,
        type=DeliveryEventType.FAILED,
        occurred_at=occurred_at,
        reason=DeliveryReason.OTHER,
        detail=why,
        final=True,
        raw=raw,
    )


def _reason(line: _Line, meaning: Meaning) -> DeliveryReason | None:
    if meaning.reason is None:
        return None
    return REASONS.get(line.reason, meaning.reason)


def _detail(line: _Line) -> str:
    """Return the house's code words; a free text may quote the letter and stays in `raw`."""
    return ": ".join(word for word in (line.status, line.reason) if _WORD.fullmatch(word))
