"""MTOM: an envelope and the bytes it speaks of, side by side in one `multipart/related` body (XOP 1.0, RFC 2387)."""

import re
from base64 import b64decode
from binascii import Error as NoBase64Error
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from hashlib import sha256
from urllib.parse import quote, unquote

from lxml import etree

from xconnector.connectors.exstream.soap import MEDIA_TYPE, UnreadableXmlError, XmlElement

XOP = "http://www.w3.org/2004/08/xop/include"
MULTIPART = "multipart/related"
_ROOT_ID = "envelope@xconnector"
_XOP_MEDIA_TYPE = "application/xop+xml"
_MOST_PARTS = 2000
_LONGEST_HEAD = 16 * 1024
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_AS_IT_IS = frozenset({"", "binary", "8bit", "7bit"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A body as HTTP carries it."""

    media_type: str
    """With its parameters."""
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """An envelope and what came beside it."""

    envelope: bytes = field(repr=False)
    attachments: Mapping[str, bytes] = field(default_factory=dict[str, bytes], repr=False)
    """By their Content-ID, without angle brackets."""


def xop_include(content_id: str) -> XmlElement:
    """Return the element that stands where the bytes would."""
    return etree.Element(f"{{{XOP}}}Include", nsmap={"xop": XOP}, href=f"cid:{quote(content_id, safe='@')}")


def included_id(element: XmlElement) -> str | None:
    """Return the Content-ID that the element's `xop:Include` speaks of; None where it has none."""
    include = element.find(f"{{{XOP}}}Include")
    if include is None:
        return None
    scheme, _, name = str(include.get("href") or "").partition(":")
    return unquote(name) if scheme.lower() == "cid" else ""


def pack(envelope: bytes, attachments: Mapping[str, bytes]) -> Packed:
    """Return envelope and attachments as one body. The same content gives the same bytes."""
    digest = sha256(envelope)
    for content in attachments.values():
        digest.update(content)
    # Made of what it separates: nothing can hold it but by finding a fixed point of SHA-256.
    boundary = f"xconnector-{digest.hexdigest()[:40]}"
    root_type = f'{_XOP_MEDIA_TYPE}; charset=UTF-8; type="{MEDIA_TYPE}"'
    parts = [_part(boundary, _ROOT_ID, root_type, envelope)]
    parts += [_part(boundary, name, "application/octet-stream", content) for name, content in attachments.items()]
    media_type = (
        f'{MULTIPART}; type="{_XOP_MEDIA_TYPE}"; start="<{_ROOT_ID}>"; start-info="{MEDIA_TYPE}"; boundary="{boundary}"'
    )
    return Packed(media_type=media_type, content=b"".join([*parts, f"--{boundary}--\r\n".encode()]))


def unpack(packed: Packed) -> Unpacked:
    """Return the envelope of an answer and what came beside it; a plain envelope has nothing beside it.

    The caller bounds the size of the whole. Raises UnreadableXmlError.
    """
    head = _head_of(packed.media_type)
    if head.get_content_type() != MULTIPART:
        return Unpacked(envelope=packed.content)
    boundary = str(head.get_param("boundary", ""))
    if not _BOUNDARY.fullmatch(boundary):
        raise UnreadableXmlError("is multipart/related without a usable boundary")
    parts = list(_parts(packed.content, boundary.encode("ascii")))
    root = _root(parts, start=_bare(str(head.get_param("start", ""))))
    beside = {part.content_id: part.content for part in parts if part is not root and part.content_id}
    return Unpacked(envelope=root.content, attachments=beside)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    content_id: str
    content: bytes


def _part(boundary: str, content_id: str, media_type: str, content: bytes) -> bytes:
    head = (
        f"--{boundary}\r\nContent-Type: {media_type}\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: <{content_id}>\r\n\r\n"
    )
    return b"".join([head.encode("ascii"), content, b"\r\n"])


def _root(parts: list[_Part], *, start: str) -> _Part:
    if not parts:
        raise UnreadableXmlError("is multipart/related without a part")
    named = [part for part in parts if start and part.content_id == start]
    return named[0] if named else parts[0]


def _parts(content: bytes, boundary: bytes) -> Iterator[_Part]:
    """Give every part; what stands before the first and behind the last delimiter is left alone."""
    delimiter = b"\r\n--" + boundary
    # The first delimiter may stand at the very beginning, without a line break of its own.
    content = b"\r\n" + content
    at = content.find(delimiter)
    for _ in range(_MOST_PARTS):
        if at < 0:
            raise UnreadableXmlError("is multipart/related that was cut off", is_cut_off=True)
        start = at + len(delimiter)
        if content.startswith(b"--", start):
            return
        head_at = _behind_line_break(content, start)
        at = content.find(delimiter, head_at - 2)
        if at < 0:
            raise UnreadableXmlError("is multipart/related that was cut off", is_cut_off=True)
        yield _read_part(content, head_at, at)
    raise UnreadableXmlError(f"has more than {_MOST_PARTS} parts")


def _behind_line_break(content: bytes, start: int) -> int:
    end = content.find(b"\r\n", start, start + _LONGEST_HEAD)
    if end < 0 or content[start:end].strip(b" \t"):
        raise UnreadableXmlError("is multipart/related with a broken delimiter")
    return end + 2


def _read_part(content: bytes, start: int, end: int) -> _Part:
    if content.startswith(b"\r\n", start):
        return _Part(content_id="", content=content[start + 2 : end])
    border = content.find(b"\r\n\r\n", start, min(end, start + _LONGEST_HEAD))
    if border < 0:
        raise UnreadableXmlError("has a part without a head, or with too long a one")
    head = BytesHeaderParser().parsebytes(content[start : border + 4])
    encoded = str(head.get("Content-Transfer-Encoding", "")).strip().lower()
    return _Part(
        content_id=_bare(str(head.get("Content-ID", ""))), content=_decoded(content[border + 4 : end], encoded)
    )


def _decoded(content: bytes, encoding: str) -> bytes:
    if encoding in _AS_IT_IS:
        return content
    if encoding == "base64":
        try:
            return b64decode(b"".join(content.split()), validate=True)
        except NoBase64Error:
            raise UnreadableXmlError("has a part that is not the base64 it is said to be") from None
    raise UnreadableXmlError("has a part in an encoding that is not read here")


def _bare(content_id: str) -> str:
    return content_id.strip().removeprefix("<").removesuffix(">")


def _head_of(media_type: str) -> Message:
    head = Message()
    head["Content-Type"] = " ".join(media_type.split())
    return head
