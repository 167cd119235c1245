"""A mail in parts, for services that take no whole one: every part holds what was approved, and nothing is added."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

from xconnector.contract.channel import Dispatch
from xconnector.contract.errors import PermanentError
from xconnector.contract.mail.address import Mailbox
from xconnector.contract.mail.entity import Entity, entity_of
from xconnector.contract.mail.message import ONE_CLICK, file_name_of, recipient_of, ways_to_unsubscribe
from xconnector.contract.mail.settings import MailSettings
from xconnector.domain.document import RenditionKind

_TEXTS = frozenset({"text/plain", "text/html"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Something that goes along, or that the HTML shows."""

    name: str = field(repr=False)
    content_type: str
    content: bytes = field(repr=False)
    content_id: str | None = None
    """By which the HTML shows it; None for what is attached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailParts:
    """One mail."""

    recipient: Mailbox
    recipient_name: str = field(repr=False)
    subject: str = field(repr=False)
    texts: Mapping[str, str] = field(repr=False)
    """`text/plain` and `text/html`, where there are such; in this order."""
    headers: Mapping[str, str] = field(repr=False)
    """Further ones, which the service takes by name."""
    attachments: tuple[Attachment, ...] = ()


def mail_parts(dispatch: Dispatch, settings: MailSettings) -> MailParts:
    """Return the mail of a dispatch in parts: decoded, each is what was approved.

    Raises PermanentError when the dispatch cannot become one: no e-mail, or one that has other parts than a service
    can be given.
    """
    recipient = recipient_of(dispatch)
    entity = entity_of(dispatch)
    texts, attachments = _content(entity)
    return MailParts(
        recipient=recipient,
        recipient_name=_one_line(dispatch.recipient.name),
        subject=_subject(entity),
        texts=texts,
        headers=dict(_headers(dispatch, settings)),
        attachments=(*attachments, *_letter(dispatch, settings)),
    )


def _headers(dispatch: Dispatch, settings: MailSettings) -> Iterator[tuple[str, str]]:
    # RFC 3834: keeps vacation programs from answering.
    yield "Auto-Submitted", "auto-generated"
    yield "X-XConnector-Dispatch", dispatch.dispatch_key
    if ways := ways_to_unsubscribe(dispatch, settings):
        yield "List-Unsubscribe", ", ".join(ways)
        yield "List-Unsubscribe-Post", ONE_CLICK


def _one_line(name: str) -> str:
    if not name.isprintable():
        raise PermanentError("the recipient's name holds a line break or control character: mend it at the source")
    return name


def _subject(entity: Entity) -> str:
    told = entity.subject.decode("ascii").partition(":")[2].replace("\r\n", "").strip()
    try:
        subject = str(make_header(decode_header(told)))
    except (ValueError, LookupError):
        raise PermanentError("the Subject of the composed e-mail cannot be decoded") from None
    return _one_line(subject)


def _content(entity: Entity) -> tuple[Mapping[str, str], tuple[Attachment, ...]]:
    parsed = message_from_bytes(entity.fields + b"\r\n" + entity.body, policy=policy.default)
    texts: dict[str, str] = {}
    attachments: list[Attachment] = []
    for part in parsed.walk():
        kind = part.get_content_type()
        if part.is_multipart():
            continue
        if kind in _TEXTS and kind not in texts and not part.is_attachment():
            texts[kind] = _text(part)
        else:
            attachments.append(_attachment(part))
    if not texts:
        raise PermanentError("the composed e-mail has neither plain text nor HTML")
    return {kind: texts[kind] for kind in ("text/plain", "text/html") if kind in texts}, tuple(attachments)


def _text(part: EmailMessage) -> str:
    try:
        return _octets(part).decode(part.get_content_charset("utf-8"))
    except (UnicodeDecodeError, LookupError):
        raise PermanentError("a part of the composed e-mail is not in the character set that it names") from None


def _attachment(part: EmailMessage) -> Attachment:
    content_id = part.get("Content-ID", "").strip().strip("<>")
    if part.get_content_maintype() == "text" and not part.is_attachment():
        raise PermanentError(
            "the composed e-mail has more than one plain text or HTML: this service takes one of each; "
            "send it by a channel that takes whole mails, or compose it so"
        )
    return Attachment(
        name=_file_name(part.get_filename("") or content_id or "attachment"),
        content_type=part.get_content_type(),
        content=_octets(part),
        content_id=content_id or None,
    )


def _file_name(name: str) -> str:
    """Return a name without what file systems do not take."""
    return "".join(letter for letter in name if letter.isprintable() and letter not in '/\\:*?"<>|;') or "attachment"


def _octets(part: EmailMessage) -> bytes:
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def _letter(dispatch: Dispatch, settings: MailSettings) -> Iterator[Attachment]:
    if not settings.attach_letter:
        return
    letter = dispatch.renditions.get(RenditionKind.LETTER)
    if letter is None:
        raise PermanentError(
            "no letter was composed to attach: give its template a letter, or set attach_letter: false"
        )
    yield Attachment(name=file_name_of(dispatch.title), content_type="application/pdf", content=letter.content)
