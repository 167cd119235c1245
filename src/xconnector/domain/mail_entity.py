"""E-mails as MIME entities: Subject and body without transport headers, in bytes that never vary."""

import base64
import binascii
import re
from binascii import b2a_qp
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.policy import SMTP
from hashlib import sha256
from html import unescape

LONGEST_SUBJECT = 400

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROLS_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

# Quotes are followed, so that a `>` in a value ends no tag; `end` is missing where a tag is never closed.
_TAG = re.compile(r"""<[a-zA-Z](?:[^>"']|"[^"]*"|'[^']*')*+(?P<end>>)?""")
_TO_BE_CHECKED = re.compile(
    r"""(?i)\A<(?:script|i?frame|form|object|embed|applet)\b|[\s"'/](?:href|src|action|formaction|background|poster|xlink:href|on[a-z]+)\s*="""
)
_ATTRIBUTE = re.compile(r"""(?<=[\s"'/])(?P<name>[a-zA-Z][\w:-]*)\s*=\s*(?P<value>"[^"]*"|'[^']*'|[^\s"'>]*)""")
_LINKS = frozenset({"href", "action", "formaction", "xlink:href"})
_SOURCES = frozenset({"src", "background", "poster"})
_SAFE_LINK = re.compile(r"(?i)(?:https://|mailto:|tel:)[^\s\x00-\x20]*\Z")
_SAFE_SOURCE = re.compile(r"(?i)(?:https://|cid:|data:image/(?:png|jpeg|gif);base64,)[^\s\x00-\x20]*\Z")
_ACTIVE_ELEMENT = re.compile(r"(?i)<(?:script|i?frame|form|object|embed|applet)\b")
_IMAGE_INSIDE = re.compile(
    r"""(?i)(?P<before>\ssrc\s*=\s*)(?P<quote>["'])data:(?P<media_type>image/(?:png|jpeg|gif));base64,"""
    r"""(?P<content>[a-z0-9+/=]+)(?P=quote)"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineImage:
    """An image that travels in the mail, and that its HTML shows as `cid:<name>`."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


def one_line(text: str) -> str:
    """Return the text without control characters and line breaks, so that it can add no header."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def without_controls(text: str) -> str:
    """Return the text without control characters other than line breaks and tabs."""
    return _CONTROLS_BUT_LINES.sub("", text)


def mime_entity(*, subject: str, text: str, html: str, images: Sequence[InlineImage] = ()) -> bytes:
    """Return `multipart/alternative` of text and HTML with its Subject; the same content gives the same bytes.

    With images the HTML is a `multipart/related` that holds them.
    """
    shown = _text_part("html", html)
    if images:
        shown = _multipart("related", [shown, *(_image_part(image) for image in images)], seed=b"")
    header = SMTP.header_factory("Subject", subject)
    # The typeshed stubs leave the registry's headers untyped.
    folded: str = header.fold(policy=SMTP)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
    body = _multipart("alternative", [_text_part("plain", text), shown], seed=subject.encode())
    return f"{folded}MIME-Version: 1.0\r\n".encode("ascii") + body


def with_images_beside(html: str) -> tuple[str, tuple[InlineImage, ...]]:
    """Return the HTML with its `data:` images named instead of held, and these images.

    Many mail programs show no `data:` image. One that cannot be read stays where it is.
    """
    images: dict[str, InlineImage] = {}

    def named(found: re.Match[str]) -> str:
        try:
            content = base64.b64decode(found["content"], validate=True)
        except binascii.Error:
            return found[0]
        name = f"{sha256(content).hexdigest()[:32]}@image"
        images[name] = InlineImage(name=name, media_type=found["media_type"].lower(), content=content)
        return f"{found['before']}{found['quote']}cid:{name}{found['quote']}"

    return _IMAGE_INSIDE.sub(named, html), tuple(images.values())


def unsafe_in(html: str) -> str | None:
    """Return in words what an e-mail must not hold, or None where it is safe.

    Links to https, mailto and tel pass, images from https, from the mail itself or inline, and no scripts.
    """
    for tag in _TAG.finditer(html):
        if not tag["end"]:
            return "an element is not closed: a quote is missing"
        if _TO_BE_CHECKED.search(tag[0]) and (found := _unsafe_in_tag(tag[0])):
            return found
    return None


def _unsafe_in_tag(tag: str) -> str | None:
    if _ACTIVE_ELEMENT.match(tag):
        return "an e-mail must hold no script, frame, form or embedded object"
    for attribute in _ATTRIBUTE.finditer(tag):
        name, value = attribute["name"].lower(), unescape(attribute["value"].strip("\"'")).strip()
        if name in _LINKS and not _SAFE_LINK.match(value):
            return "a link must begin with https:, mailto: or tel:"
        if name in _SOURCES and not _SAFE_SOURCE.match(value):
            return "an image must come from https: or cid:"
        if name.startswith("on"):
            return "an e-mail must hold no script, and an attribute that begins with `on` is one"
    return None


def _multipart(subtype: str, parts: Sequence[bytes], *, seed: bytes) -> bytes:
    """Return the head that describes the parts, and the parts."""
    # Neither quoted-printable nor base64 has `=_`, and a boundary within is another: none stands in a part.
    boundary = "=_" + sha256(b"\0".join([seed, *parts])).hexdigest()[:24]
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'
    opening = f"--{boundary}\r\n".encode()
    return b"".join([head.encode("ascii"), *(opening + part for part in parts), f"--{boundary}--\r\n".encode()])


def _text_part(subtype: str, text: str) -> bytes:
    lines = "".join(f"{line}\r\n" for line in _LINE_BREAK.split(text))
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    # The last line break belongs to the boundary that follows.
    return head.encode("ascii") + b2a_qp(lines.encode("utf-8"), istext=True)


def _image_part(image: InlineImage) -> bytes:
    head = (
        f"Content-Type: {image.media_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-ID: <{image.name}>\r\nContent-Disposition: inline\r\n\r\n"
    )
    return head.encode("ascii") + base64.encodebytes(image.content).replace(b"\n", b"\r\n")
