"""What the engine makes of one customer: a file for each of its queues, or nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from email import message_from_bytes, policy
from hashlib import sha256
from html import escape
from re import DOTALL, IGNORECASE
from re import compile as compiled
from typing import Any, cast
from uuid import UUID

import msgspec

from xconnector.contract.composer import Composition, Order
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.domain.record_path import PathError, parse_path, text_of
from xconnector.sandbox.exstream.designs import HouseDesign, made_id
from xconnector.sandbox.exstream.whole_data import whole

_MEDIA_TYPES = {
    RenditionKind.LETTER: "application/pdf",
    RenditionKind.EMAIL: "text/html",
    RenditionKind.SMS: "text/plain",
}
_SUFFIXES = {"application/pdf": ".pdf", "text/html": ".html", "text/plain": ".txt", "message/rfc822": ".eml"}
_TITLE = compiled(r"<title\b[^>]*>.*?</title>", IGNORECASE | DOTALL)
_HEAD = compiled(r"<head\b[^>]*>", IGNORECASE)
_UNSAFE = compiled(r"[^A-Za-z0-9._-]")
_NOON = time(12, tzinfo=UTC)
_SOME_DAY = date(2026, 1, 1)
_sorted = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFile:
    """One file of one output queue."""

    queue: str
    media_type: str
    file_name: str
    content: bytes = field(repr=False)
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedCustomer:
    """A customer and its files."""

    number: int
    """Position in the run, counted from 1."""
    key: str | None
    """None where the design has no key of its own."""
    files: tuple[QueueFile, ...]

    @property
    def pages(self) -> int:
        return sum(file.pages for file in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class UncomposedCustomer:
    """A customer of whom nothing could be made."""

    number: int
    key: str | None
    reason: str
    """In the composer's words, without content."""


def key_of(design: HouseDesign, data: Mapping[str, Any]) -> str | None:
    """Return by what the design's queues name a customer."""
    key = design.settings.key
    if key.name == "number":
        return None
    try:
        return text_of(parse_path(key.path).of(data)) or None
    except PathError:
        return None


def order_of(design: HouseDesign, data: Mapping[str, Any]) -> Order:
    """Return what the embedded composer needs to make a customer's documents: always the same of the same data."""
    filled = whole(data, contract=design.contract, sender=design.sender)
    communication = filled["communication"]
    return Order(
        communication_id=_communication_id(communication["id"], filled),
        template=design.template,
        kinds=design.kinds & design.settings.outputs.keys(),
        language=communication["language"],
        data=filled,
        issued_at=datetime.combine(_day(communication["date"]), _NOON),
    )


def files_of(design: HouseDesign, number: int, key: str | None, composition: Composition) -> Iterator[QueueFile]:
    """Yield the files of a customer's queues."""
    stem = _stem(number, key)
    for rendition in composition.renditions:
        output = design.settings.outputs[rendition.kind]
        media_type = output.media_type or _MEDIA_TYPES[rendition.kind]
        yield QueueFile(
            queue=output.queue,
            media_type=media_type,
            file_name=stem + _SUFFIXES[media_type],
            content=_content(rendition, media_type),
            pages=rendition.pages or 1,
        )


def _communication_id(told: object, data: Mapping[str, Any]) -> UUID:
    try:
        return UUID(str(told))
    except ValueError:
        return made_id("data", sha256(_sorted.encode(data)).hexdigest())


def _day(told: object) -> date:
    text = cast("Mapping[str, object]", told).get("value") if isinstance(told, dict) else told
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return _SOME_DAY


def _stem(number: int, key: str | None) -> str:
    return _UNSAFE.sub("_", key)[:120].lstrip(".") or f"customer-{number}" if key else f"customer-{number}"


def _content(rendition: Rendition, media_type: str) -> bytes:
    if rendition.kind is not RenditionKind.EMAIL or media_type == "message/rfc822":
        return rendition.content
    mail = message_from_bytes(rendition.content, policy=policy.default)
    part = mail.get_body(("html",) if media_type == "text/html" else ("plain",))
    text = str(part.get_content()) if part is not None else ""
    return (_titled(text, str(mail["Subject"])) if media_type == "text/html" else text).encode()


def _titled(html: str, subject: str) -> str:
    """Let the page be called as the mail is."""
    title = f"<title>{escape(subject, quote=False)}</title>"
    if _TITLE.search(html):
        return _TITLE.sub(lambda _: title, html, count=1)
    return _HEAD.sub(lambda head: head[0] + title, html, count=1)
