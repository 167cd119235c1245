"""The mail around an e-mail rendition: its bytes stay what was approved, we add the header and the attachment."""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from urllib.parse import quote

from xconnector.contract.channel import Dispatch
from xconnector.contract.errors import PermanentError
from xconnector.contract.mail.address import Mailbox, mailbox
from xconnector.contract.mail.entity import Entity, entity_of
from xconnector.contract.mail.settings import MailSettings
from xconnector.domain.document import RenditionKind
from xconnector.domain.reference_token import Purpose, sign

_LONGEST_LINE = 998
"""Octets without CRLF, RFC 5321 section 4.5.3.1.6."""
_LONGEST_ENCODED_LINE = 75
"""Characters besides the space that continues a line, RFC 2047 section 2."""
_LONGEST_FILE_NAME = 80
ONE_CLICK = "List-Unsubscribe=One-Click"
"""The value of `List-Unsubscribe-Post` (RFC 8058)."""
_QUOTED = re.compile(r'(["\\])')


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """One mail, ready for the relay."""

    envelope_sender: str
    recipient: Mailbox
    envelope_id: str
    message_id: str
    content: bytes = field(repr=False)
    """With CRLF at the end of every line, not yet dot-stuffed."""

    @property
    def needs_utf8(self) -> bool:
        return self.recipient.needs_utf8

    @property
    def needs_8bit(self) -> bool:
        return not self.content.isascii()


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceAddress:
    """Where bounces go: an address of its own for each mail."""

    prefix: str
    """What its local part begins with, before the signed reference."""
    domain: str


def outgoing_mail(
    dispatch: Dispatch, settings: MailSettings, *, now: datetime, bounces: BounceAddress | None = None
) -> OutgoingMail:
    """Return the mail of a dispatch; only its date depends on when it is made. Without `bounces` they go to the sender.

    Raises PermanentError when the dispatch cannot become one.
    """
    recipient = recipient_of(dispatch)
    secret = settings.token_secret.get_secret_value().encode()
    try:
        token = sign(dispatch.dispatch_key, Purpose.RETURN, secret)
    except ValueError as wrong:
        raise PermanentError(f"this hand-over has no reference that can be signed: {wrong}") from None
    sender = mailbox(settings.sender.address)
    message_id = f"<{token}@{sender.domain if bounces is None else bounces.domain}>"
    header = _header(dispatch, settings, recipient=recipient, message_id=message_id, now=now)
    content = _content(header, entity_of(dispatch), dispatch, settings)
    _refuse_what_smtp_cannot_carry(content)
    return OutgoingMail(
        envelope_sender=str(sender) if bounces is None else f"{bounces.prefix}{token}@{bounces.domain}",
        recipient=recipient,
        envelope_id=token,
        message_id=message_id,
        content=content,
    )


def recipient_of(dispatch: Dispatch) -> Mailbox:
    """Return where a dispatch goes. Raises PermanentError, without the address in it."""
    if not dispatch.recipient.email:
        raise PermanentError("the customer has no e-mail address: route to another channel or complete the record")
    try:
        return mailbox(dispatch.recipient.email)
    except ValueError as wrong:
        raise PermanentError(f"{wrong}: mend it at the source") from None


def _header(
    dispatch: Dispatch, settings: MailSettings, *, recipient: Mailbox, message_id: str, now: datetime
) -> list[bytes]:
    sender = mailbox(settings.sender.address)
    lines = [
        f"Date: {format_datetime(now)}",
        f"From: {_with_name(settings.sender.name, sender)}",
        f"To: {_with_name(dispatch.recipient.name, recipient)}",
        f"Message-ID: {message_id}",
        # RFC 3834: keeps vacation programs from answering.
        "Auto-Submitted: auto-generated",
        f"X-XConnector-Dispatch: {dispatch.dispatch_key}",
        *_reply_to(settings),
        *_unsubscribe_lines(dispatch, settings),
        "MIME-Version: 1.0",
    ]
    return [line.encode() for line in lines]


def _reply_to(settings: MailSettings) -> Iterable[str]:
    if settings.reply_to:
        yield f"Reply-To: <{mailbox(settings.reply_to)}>"


def _unsubscribe_lines(dispatch: Dispatch, settings: MailSettings) -> Iterable[str]:
    ways = ways_to_unsubscribe(dispatch, settings)
    if ways:
        yield "List-Unsubscribe: " + ",\r\n ".join(ways)
        yield f"List-Unsubscribe-Post: {ONE_CLICK}"


def ways_to_unsubscribe(dispatch: Dispatch, settings: MailSettings) -> list[str]:
    """Return the addresses by which the recipient says no more (`List-Unsubscribe`); none unless it is promotional."""
    if not dispatch.promotional or settings.unsubscribe is None:
        return []
    offer = settings.unsubscribe
    token = sign(dispatch.dispatch_key, Purpose.UNSUBSCRIBE, settings.token_secret.get_secret_value().encode())
    ways = [f"<{offer.url}/{token}>"]
    if offer.mailto:
        ways.append(f"<mailto:{quote(str(mailbox(offer.mailto)), safe='@')}?subject={token}>")
    return ways


def _with_name(name: str, address: Mailbox) -> str:
    """Return name and address as a header says them, the name encoded (RFC 2047) where it is not ASCII."""
    if not name.isprintable():
        raise PermanentError("the recipient's name holds a line break or control character: mend it at the source")
    if not name:
        return f"<{address}>"
    if name.isascii():
        return '"' + _QUOTED.sub(r"\\\1", name) + f'"\r\n <{address}>'
    encoded = Header(name, "utf-8", header_name="From", maxlinelen=_LONGEST_ENCODED_LINE).encode(linesep="\r\n")
    return f"{encoded}\r\n <{address}>"


def _content(header: list[bytes], entity: Entity, dispatch: Dispatch, settings: MailSettings) -> bytes:
    head = b"".join(line + b"\r\n" for line in header) + entity.subject
    if not settings.attach_letter:
        return _ending_in_a_line(head + entity.fields + b"\r\n" + entity.body)
    letter = dispatch.renditions.get(RenditionKind.LETTER)
    if letter is None:
        raise PermanentError(
            "no letter was composed to attach: give its template a letter, or set attach_letter: false"
        )
    boundary = _boundary(dispatch.dispatch_key, entity.body)
    transfer = b"" if entity.body.isascii() else b"Content-Transfer-Encoding: 8bit\r\n"
    return b"".join(
        (
            head,
            b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n',
            transfer,
            b"\r\n--" + boundary + b"\r\n",
            entity.fields,
            b"\r\n",
            entity.body,
            b"\r\n--" + boundary + b"\r\n",
            _attachment_fields(dispatch.title),
            b"\r\n",
            base64.encodebytes(letter.content).replace(b"\n", b"\r\n"),
            b"--" + boundary + b"--\r\n",
        )
    )


def _ending_in_a_line(content: bytes) -> bytes:
    return content if content.endswith(b"\r\n") else content + b"\r\n"


def _boundary(dispatch_key: str, body: bytes) -> bytes:
    """Return a boundary that is the same for every attempt and does not occur in the body."""
    digest = hashlib.sha256(dispatch_key.encode()).hexdigest()
    while (boundary := f"=_{digest[:40]}".encode()) in body:
        digest = hashlib.sha256(digest.encode()).hexdigest()
    return boundary


def _attachment_fields(title: str) -> bytes:
    name = file_name_of(title)
    named = f'filename="{name}"' if name.isascii() else f"filename*=utf-8''{quote(name, safe='')}"
    lines = (
        "Content-Type: application/pdf",
        "Content-Transfer-Encoding: base64",
        f"Content-Disposition: attachment;\r\n {named}",
    )
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def file_name_of(title: str) -> str:
    """Return the title as a name that every file system takes."""
    safe = "".join(letter if letter.isprintable() and letter not in '/\\:*?"<>|;' else " " for letter in title)
    return (" ".join(safe.split())[:_LONGEST_FILE_NAME].strip(". ") or "letter") + ".pdf"


def _refuse_what_smtp_cannot_carry(content: bytes) -> None:
    if max(map(len, content.split(b"\r\n"))) > _LONGEST_LINE:
        raise PermanentError(
            f"the composed e-mail has a line of more than {_LONGEST_LINE} octets: "
            "encode its parts as quoted-printable or base64"
        )
