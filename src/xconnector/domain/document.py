"""Documents: what was composed for one communication, as renditions with their digests."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class RenditionKind(StrEnum):
    """The forms in which a communication can be made."""

    LETTER = "letter"
    """`application/pdf`: for print, portal, attachment and archive."""
    EMAIL = "email"
    """`message/rfc822`: a MIME entity with Subject and body, without transport headers."""
    SMS = "sms"
    """`text/plain; charset=utf-8`."""
    PUSH = "push"
    """`application/json`: title, body, and link of a message on the screen of a device; see `domain/push.py`."""

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES[self]

    @property
    def file_suffix(self) -> str:
        return _FILE_SUFFIXES[self]


_MEDIA_TYPES = {
    RenditionKind.LETTER: "application/pdf",
    RenditionKind.EMAIL: "message/rfc822",
    RenditionKind.SMS: "text/plain; charset=utf-8",
    RenditionKind.PUSH: "application/json",
}
_FILE_SUFFIXES = {
    RenditionKind.LETTER: ".pdf",
    RenditionKind.EMAIL: ".eml",
    RenditionKind.SMS: ".txt",
    RenditionKind.PUSH: ".json",
}


def content_digest(content: bytes) -> str:
    """Return the SHA-256 of the bytes in hexadecimal: the name under which they are kept."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """One form of a document: immutable bytes under their SHA-256."""

    kind: RenditionKind
    content: bytes = field(repr=False)
    sha256: str
    pages: int | None = None
    """Number of pages, for letters."""

    @classmethod
    def of(cls, kind: RenditionKind, content: bytes, *, pages: int | None = None) -> "Rendition":
        return cls(kind=kind, content=content, sha256=content_digest(content), pages=pages)


def document_digest(renditions: Iterable[tuple[RenditionKind, str]]) -> str:
    """Return one SHA-256 over kind and digest of every rendition: what an approval names.

    The order in which the renditions are given does not matter.
    """
    lines = sorted(f"{kind.value} {sha256}\n" for kind, sha256 in renditions)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
