"""Mails that come back, as delivery events: reports (RFC 3464), complaints (RFC 5965), auto-replies (RFC 3834), prose.

Nothing that can be attributed to a dispatch is lost: what says something that we do not understand is an UNKNOWN event.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from typing import cast

from xconnector.connectors.smtp.token import Purpose, dispatch_key_in
from xconnector.connectors.smtp.words import (
    EVENT_BY_ACTION,
    EVENT_BY_CLASS,
    EVENT_BY_FEEDBACK,
    REASON_IN_WORDS,
    reason_of,
    reply_code_in,
    status_in,
)
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType, DeliveryReason

# Where mail servers write the envelope's recipient; To is what the sender of the bounce made of it.
_RECIPIENT_FIELDS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
_MOST_RAW = 64 * 1024
_MOST_PROSE = 32 * 1024
_MOST_DIAGNOSTIC = 4 * 1024
_MOST_RECIPIENTS = 50

_ADDRESS = re.compile(r"\S{1,320}@\S{1,320}")
_LAST_HOP = re.compile(
    r"mailer-?daemon|mdaemon|postmaster|mail delivery (?:sub)?system|mail administrator", re.IGNORECASE
)
_GIVEN_BACK = re.compile(
    r"undeliver|not deliver|non-?deliver|delivery (?:status )?(?:notification|fail|error|problem)"
    r"|returned (?:mail|to sender)"
    r"|mail(?: delivery)? (?:fail|error|return)|failure (?:notice|delivery)|could ?n[o']t (?:be )?(?:deliver|send)"
    r"|unzustellbar|nicht zugestellt|message status|nicht übermittelt|non remis",
    re.IGNORECASE,
)
_STILL_TRYING = re.compile(
    r"will (?:continue|keep|be re-?tr|re-?try|try again|still)|still (?:being )?(?:trying|tried|attempt)"
    r"|not yet (?:been )?(?:deliver|able)|(?:message|delivery) (?:is |has been |was |temporarily )?(?:delayed|deferred)"
    r"|delivery delay|delayed mail|warning: (?:could not|message|unable)|do not need to re-?send|no action is required",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"out of (?:the )?office|auto(?:matic)?[- ]?(?:reply|response|antwort)|vacation|automatische antwort"
    r"|abwesen|réponse automatique|absence du bureau",
    re.IGNORECASE,
)
_RETURNED_BELOW = re.compile(
    r"^-{2,} ?(?:this is a copy|original message|below this line|returned message|message header|the header)"
    r"|^-{3,}.*(?:original|returned|unsent|copy of|header).*$",
    re.IGNORECASE | re.MULTILINE,
)
_ACTION_LINE = re.compile(r"^Action: *([A-Za-z]+)", re.IGNORECASE | re.MULTILINE)
_STATUS_LINE = re.compile(r"^Status: *([245]\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE)
_DIAGNOSTIC_LINE = re.compile(r"^Diagnostic-Code: *(.+(?:\n[ \t].+)*)", re.IGNORECASE | re.MULTILINE)


class UnattributableMailError(Exception):
    """The mail names no dispatch of ours; the message says how that was looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    """What one mail says of one recipient."""

    type: DeliveryEventType
    reason: DeliveryReason | None = None
    detail: str = ""
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Returned:
    """A mail that came back, taken apart."""

    message: Message = field(repr=False)
    text: str = field(repr=False)
    """The whole mail with its parts decoded, for what stands where no standard puts it."""

    def header(self, name: str) -> str:
        return str(self.message.get(name, ""))

    def parts(self, media_type: str) -> Iterator[Message]:
        for part in self.message.walk():
            if part.get_content_type() == media_type:
                yield part


def events_of(mail: bytes, *, secret: bytes, arrived_at: datetime) -> Sequence[DeliveryEvent]:
    """Return what a mail says, one event for each recipient it reports on, never none.

    Raises UnattributableMailError when it carries no reference of ours, or only one with a wrong signature.
    """
    returned = _taken_apart(mail)
    dispatch_key = _dispatch_key(returned, secret)
    occurred_at = _date(returned, arrived_at)
    return tuple(
        DeliveryEvent(
            dispatch_key=dispatch_key,
            type=report.type,
            occurred_at=occurred_at,
            reason=report.reason,
            detail=report.detail,
            final=report.final,
            raw=mail[:_MOST_RAW],
        )
        for report in _reports(returned)
    )


def _taken_apart(mail: bytes) -> _Returned:
    try:
        message = message_from_bytes(mail)
        texts = [_decoded(part) for part in message.walk() if not part.is_multipart()]
    except RecursionError:
        # Nested beyond reason: its header and its raw text still tell whose it is.
        message, texts = BytesHeaderParser().parsebytes(mail), []
    return _Returned(message=message, text="\n".join([mail.decode("latin-1"), *texts]))


def _decoded(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content.decode("latin-1") if isinstance(content, bytes) else ""


def _dispatch_key(returned: _Returned, secret: bytes) -> str:
    """Return whose it is: by the address it came to, the envelope id, the Message-ID, or any other trace of ours."""
    recipients = [str(value) for name in _RECIPIENT_FIELDS for value in returned.message.get_all(name, [])]
    envelope_ids = [str(group.get("Original-Envelope-Id", "")) for group in _status_groups(returned)]
    for text in (*recipients, *envelope_ids, returned.text):
        if dispatch_key := dispatch_key_in(text, Purpose.RETURN, secret):
            return dispatch_key
    raise UnattributableMailError("neither its recipient nor its text holds a reference that we signed")


def _date(returned: _Returned, arrived_at: datetime) -> datetime:
    """Return the mail's own date, unless it has none or claims to be from after its arrival."""
    try:
        dated = parsedate_to_datetime(returned.header("Date"))
    except (ValueError, TypeError):
        return arrived_at
    aware = dated if dated.tzinfo else dated.replace(tzinfo=UTC)
    return min(aware.astimezone(UTC), arrived_at)


def _reports(returned: _Returned) -> Sequence[_Report]:
    if reports := [_report_of(group, returned) for group in _recipient_groups(returned)]:
        return reports
    return [_complaint(returned) or _report_from_text(returned) or _report_without_a_form(returned)]


def _report_without_a_form(returned: _Returned) -> _Report:
    """Read a mail that was written for people."""
    prose = _prose(returned)
    if _is_from_the_last_hop(returned):
        return _report_from_prose(prose)
    if _is_automatic_reply(returned):
        return _Report(type=DeliveryEventType.AUTOREPLIED)
    if _GIVEN_BACK.search(returned.header("Subject")) or _GIVEN_BACK.search(prose):
        return _report_from_prose(prose)
    return _Report(type=DeliveryEventType.UNKNOWN, detail="a mail without a report that we understand")


def _status_groups(returned: _Returned) -> Iterator[Message]:
    """Yield the groups of fields of every status report in the mail."""
    for part in returned.parts("message/delivery-status"):
        groups = part.get_payload()
        if isinstance(groups, list):
            yield from cast("list[Message]", groups)


def _recipient_groups(returned: _Returned) -> list[Message]:
    return [group for group in _status_groups(returned) if group.get("Action")][:_MOST_RECIPIENTS]


def _report_of(group: Message, returned: _Returned) -> _Report:
    action = str(group.get("Action", "")).split(";")[0].split("(")[0].strip().lower()
    diagnostic = str(group.get("Diagnostic-Code", ""))
    return _report(action, status_in(str(group.get("Status", ""))), diagnostic or _prose(returned))


def _report_from_text(returned: _Returned) -> _Report | None:
    """Read a status report whose MIME structure is broken."""
    action, status = _ACTION_LINE.search(returned.text), _STATUS_LINE.search(returned.text)
    if not action or not status:
        return None
    diagnostic = _DIAGNOSTIC_LINE.search(returned.text)
    return _report(action[1].lower(), status[1], diagnostic[1] if diagnostic else _prose(returned))


def _report(action: str, status: str | None, diagnostic: str) -> _Report:
    text = _without_addresses(diagnostic[:_MOST_DIAGNOSTIC])
    by_status = EVENT_BY_CLASS.get((status or "")[:1], DeliveryEventType.UNKNOWN)
    kind = EVENT_BY_ACTION.get(action, by_status)
    match kind:
        case DeliveryEventType.BOUNCED:
            kind = _given_up_or_refused(status, text)
            return _undelivered(kind, status, text, final=True)
        case DeliveryEventType.DEFERRED:
            return _undelivered(kind, status, text, final=False)
        case DeliveryEventType.UNKNOWN:
            return _Report(type=kind, detail=f"{status or ''} an action that RFC 3464 does not know".strip())
        case _:
            return _Report(type=kind, detail=status or "", final=True)


def _given_up_or_refused(status: str | None, text: str) -> DeliveryEventType:
    """Tell a refusal from a relay's patience that ran out: the latter fails with the temporary code of its last try."""
    reply = reply_code_in(text) or ""
    temporary = (status or "").startswith("4.") and not reply.startswith("5")
    return DeliveryEventType.EXPIRED if temporary else DeliveryEventType.BOUNCED


def _undelivered(kind: DeliveryEventType, status: str | None, text: str, *, final: bool) -> _Report:
    reason = reason_of(status or status_in(text), text)
    codes = " ".join(code for code in (status or status_in(text), reply_code_in(text)) if code)
    return _Report(type=kind, reason=reason, detail=f"{codes} {REASON_IN_WORDS[reason]}".strip(), final=final)


def _complaint(returned: _Returned) -> _Report | None:
    for part in returned.parts("message/feedback-report"):
        fields = BytesHeaderParser().parsebytes(_report_fields(part))
        feedback = str(fields.get("Feedback-Type", "")).strip().lower()
        kind = EVENT_BY_FEEDBACK.get(feedback, DeliveryEventType.UNKNOWN)
        return _Report(type=kind, detail="feedback report", final=kind is not DeliveryEventType.UNKNOWN)
    return None


def _report_fields(part: Message) -> bytes:
    content = part.get_payload()
    if isinstance(content, list):
        # A message/* part arrives parsed: its fields are the header of the message in it.
        return b"\n".join(inner.as_bytes() for inner in cast("list[Message]", content))
    return str(content).encode("latin-1", "replace")


def _is_from_the_last_hop(returned: _Returned) -> bool:
    return bool(returned.header("X-Failed-Recipients") or _LAST_HOP.search(returned.header("From")))


def _is_automatic_reply(returned: _Returned) -> bool:
    says_so = returned.header("Auto-Submitted").lower().startswith("auto-replied")
    precedence = returned.header("Precedence").strip().lower() in {"auto_reply", "auto-reply"}
    marked = any(name in returned.message for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder"))
    return says_so or precedence or marked or bool(_AWAY.search(returned.header("Subject")))


def _report_from_prose(prose: str) -> _Report:
    if _STILL_TRYING.search(prose):
        return _undelivered(DeliveryEventType.DEFERRED, None, prose, final=False)
    return _undelivered(DeliveryEventType.BOUNCED, None, prose, final=True)


def _prose(returned: _Returned) -> str:
    """Return what the mail says to people, without addresses and without the mail that it returns."""
    for part in returned.message.walk():
        if part.get_content_maintype() == "text" and (text := _decoded(part).strip()):
            returned_below = _RETURNED_BELOW.search(text)
            return _without_addresses(text[: returned_below.start() if returned_below else None][:_MOST_PROSE])
    return ""


def _without_addresses(text: str) -> str:
    """Take addresses out, so that a customer called `spam@` is not taken for a verdict."""
    return _ADDRESS.sub("", " ".join(text.split()))
