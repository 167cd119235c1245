"""What Exstream gives back, and how it becomes the renditions of a communication."""

import codecs
import email
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.policy import compat32
from html import unescape
from io import BytesIO

import pikepdf

from xconnector.connectors.exstream.design import ExstreamDesign, Output
from xconnector.connectors.exstream.plain_text import plain_text
from xconnector.contract.composer import Composition
from xconnector.contract.errors import PermanentError
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.domain.mail_entity import (
    LONGEST_SUBJECT,
    mime_entity,
    one_line,
    unsafe_in,
    with_images_beside,
    without_controls,
)
from xconnector.domain.push import PushError, push_content, push_of_text

_PDF, _HTML, _MAIL, _TEXT = "application/pdf", "text/html", "message/rfc822", "text/plain"
_USUAL: Mapping[RenditionKind, str] = {
    RenditionKind.LETTER: _PDF,
    RenditionKind.EMAIL: _HTML,
    RenditionKind.SMS: _TEXT,
    RenditionKind.PUSH: _TEXT,
}

_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_META_CHARSET = re.compile(r"""(?i)(<meta\b[^>]*\bcharset\s*=\s*["']?)([\w.:-]{1,40})""")
_WHERE_META_STANDS = 4096
_TITLE = re.compile(r"(?is)<title[^>]*>(?P<title>.*?)</title\s*>")
_DESCRIBES_THE_BODY = frozenset({"content-type", "content-transfer-encoding", "content-language"})


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOutput:
    """One file of one output queue."""

    queue: str
    media_type: str
    """As Exstream names it, without parameters."""
    content: bytes = field(repr=False)
    pages: int | None = None
    """As Exstream counts them; None where it does not say."""


class _UnfitError(Exception):
    """An output that cannot become the rendition; the message tells the remedy and no content."""


def composition_of(
    outputs: Sequence[QueueOutput],
    design: ExstreamDesign,
    *,
    template: str,
    kinds: frozenset[RenditionKind] | None,
    engine: str,
) -> Composition:
    """Return the renditions that one customer's outputs hold; outputs of undeclared queues are left alone.

    `kinds` None takes every declared output that is there; a letter must always be among them. The
    same outputs give the same bytes, whatever their sequence.

    Raises PermanentError when a rendition has no output, several, one of another media type, or one
    that cannot be read.
    """
    wanted = _there(outputs, design) if kinds is None else kinds
    try:
        renditions = tuple(_rendition(kind, outputs, design) for kind in RenditionKind if kind in wanted)
    except _UnfitError as unfit:
        raise PermanentError(f"template {template!r}: {unfit}") from None
    return Composition(renditions=renditions, engine=engine)


def media_type_of(design: ExstreamDesign, kind: RenditionKind) -> str | None:
    """Return what the queue of this rendition gives; None where the design declares no such queue."""
    declared = design.outputs.get(kind)
    return None if declared is None else declared.media_type or _USUAL[kind]


def _there(outputs: Sequence[QueueOutput], design: ExstreamDesign) -> frozenset[RenditionKind]:
    queues = {output.queue for output in outputs}
    there = {kind for kind, declared in design.outputs.items() if declared.queue in queues}
    return frozenset(there | {RenditionKind.LETTER})


def _rendition(kind: RenditionKind, outputs: Sequence[QueueOutput], design: ExstreamDesign) -> Rendition:
    declared = design.outputs.get(kind)
    if declared is None:
        raise _UnfitError(
            f"its design declares no output for the {kind}: name its queue under `outputs`, "
            f"or route this communication where no {kind} is needed"
        )
    found = _only_one(outputs, declared, kind)
    expected = declared.media_type or _USUAL[kind]
    if found.media_type.strip().lower() != expected:
        raise _UnfitError(
            f"queue {declared.queue!r} gives another media type than {expected}: "
            f"correct `media_type` or the queue of the {kind}"
        )
    return _made(kind, expected, found, declared)


def _only_one(outputs: Sequence[QueueOutput], declared: Output, kind: RenditionKind) -> QueueOutput:
    found = [output for output in outputs if output.queue == declared.queue]
    if not found:
        raise _UnfitError(
            f"Exstream gives no output of queue {declared.queue!r} for the {kind}: "
            "does the design write to it for this customer?"
        )
    if len(found) > 1:
        raise _UnfitError(
            f"Exstream gives {len(found)} outputs of queue {declared.queue!r} for one customer: "
            "one must hold the whole document"
        )
    if not found[0].content:
        raise _UnfitError(f"the output of queue {declared.queue!r} is empty")
    return found[0]


def _made(kind: RenditionKind, media_type: str, output: QueueOutput, declared: Output) -> Rendition:
    match kind, media_type:
        case RenditionKind.LETTER, "application/pdf":
            return Rendition.of(kind, output.content, pages=_pages(output))
        case RenditionKind.EMAIL, "text/html":
            return Rendition.of(kind, _mail_of_html(output, declared))
        case RenditionKind.EMAIL, "message/rfc822":
            return Rendition.of(kind, _mail_of_mail(output))
        case RenditionKind.SMS, "text/plain":
            return Rendition.of(kind, _short_text(output))
        case RenditionKind.PUSH, "text/plain":
            return Rendition.of(kind, _push(output))
        case _:
            raise _UnfitError(f"no {kind} can be made of {media_type}: correct `media_type` in its design file")


def _pages(output: QueueOutput) -> int:
    try:
        with pikepdf.open(BytesIO(output.content)) as document:
            pages = len(document.pages)
    except pikepdf.PasswordError:
        raise _UnfitError(
            f"the PDF of queue {output.queue!r} asks for a password: give it none in the design"
        ) from None
    except (pikepdf.PdfError, ValueError, TypeError, KeyError):
        raise _UnfitError(f"the PDF of queue {output.queue!r} cannot be read") from None
    if pages == 0:
        raise _UnfitError(f"the PDF of queue {output.queue!r} has no page")
    return pages


def _mail_of_html(output: QueueOutput, declared: Output) -> bytes:
    html = _META_CHARSET.sub(r"\g<1>utf-8", without_controls(_html_text(output)))
    _refuse_unsafe(html, output)
    title = _TITLE.search(html)
    subject = one_line(unescape(title["title"])) if title else ""
    subject = subject or declared.subject or ""
    if not subject or len(subject) > LONGEST_SUBJECT:
        raise _UnfitError(
            f"the HTML of queue {output.queue!r} needs a <title> of 1 to {LONGEST_SUBJECT} characters, "
            "or its output a `subject`"
        )
    text = plain_text(html)
    if not text:
        raise _UnfitError(f"the HTML of queue {output.queue!r} holds no text")
    html, images = with_images_beside(html)
    return mime_entity(subject=subject, text=text, html=html, images=images)


def _mail_of_mail(output: QueueOutput) -> bytes:
    """Return the mail without what was for its transport, its body untouched."""
    head, blank, body = output.content.replace(b"\r\n", b"\n").partition(b"\n\n")
    message = email.message_from_bytes(head + blank + body, policy=compat32)
    if not str(message["Subject"] or "").strip() or not body:
        raise _UnfitError(f"the mail of queue {output.queue!r} needs a subject and a body")
    for part in message.walk():
        if part.get_content_type() == _HTML:
            _refuse_unsafe(_text_of_part(part), output)
    fields = [_folded("Subject", message["Subject"]), "MIME-Version: 1.0"]
    fields += [_folded(name, value) for name, value in message.items() if name.lower() in _DESCRIBES_THE_BODY]
    lines = "\n".join(fields).encode("ascii", "replace") + b"\n\n" + body
    return lines.replace(b"\r", b"").replace(b"\n", b"\r\n")


def _folded(name: str, value: object) -> str:
    return f"{name}: " + re.sub(r"\s*[\r\n]+\s*", "\n ", str(value)).strip()


def _text_of_part(part: Message) -> str:
    content = part.get_payload(decode=True)
    charset = part.get_content_charset("utf-8")
    try:
        return content.decode(charset, "replace") if isinstance(content, bytes) else ""
    except LookupError:
        return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _refuse_unsafe(html: str, output: QueueOutput) -> None:
    if found := unsafe_in(html):
        raise _UnfitError(f"the e-mail of queue {output.queue!r}: {found}; mend the design or the data")


def _short_text(output: QueueOutput) -> bytes:
    text = without_controls(_text(output)).replace("\r\n", "\n").strip()
    if not text:
        raise _UnfitError(f"the output of queue {output.queue!r} is empty")
    return text.encode("utf-8")


def _push(output: QueueOutput) -> bytes:
    try:
        return push_content(push_of_text(_short_text(output).decode()))
    except PushError as wrong:
        raise _UnfitError(f"the output of queue {output.queue!r} is no push message: {wrong}") from None


def _text(output: QueueOutput) -> str:
    """Return the text as its byte order mark says it is written, else as UTF-8."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if output.content.startswith(mark):
            return _decoded(output, output.content.removeprefix(mark), encoding)
    return _decoded(output, output.content, "utf-8")


def _html_text(output: QueueOutput) -> str:
    """Return the HTML as its byte order mark or else its `<meta charset>` say it is written, else as UTF-8."""
    if not output.content.startswith(tuple(mark for mark, _ in _BYTE_ORDER_MARKS)):
        said = _META_CHARSET.search(output.content[:_WHERE_META_STANDS].decode("latin-1"))
        if said:
            return _decoded(output, output.content, said[2].lower())
    return _text(output)


def _decoded(output: QueueOutput, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except (UnicodeError, LookupError):
        raise _UnfitError(
            f"the output of queue {output.queue!r} is not in the character set it names: let the design write UTF-8"
        ) from None
