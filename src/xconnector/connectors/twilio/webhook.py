"""Status callbacks and inbound messages of Twilio: a form in each request."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from xconnector.connectors.twilio.words import ERRORS, STATUSES
from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import UNKNOWN, FeedbackFormat, FeedbackRequest, Word, text_at
from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.opt_out import meaning_of_text
from xconnector.domain.feedback.signal import Signal

_OPT_OUTS: Mapping[str, DeliveryEventType] = {
    "STOP": DeliveryEventType.UNSUBSCRIBED,
    "START": DeliveryEventType.RESUBSCRIBED,
    "HELP": DeliveryEventType.RESPONDED,
}
_OF_A_MESSAGE = frozenset({"MessageSid", "SmsSid", "SmsMessageSid", "MessageStatus", "SmsStatus"})
_GONE_WRONG = frozenset({"undelivered", "failed"})
_MOST_FIELDS = 20
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


def read(request: FeedbackRequest) -> Sequence[Signal]:
    """Return the event of one request. Raises PermanentError."""
    fields = _fields(request)
    if "Body" in fields or fields.get("SmsStatus") == "received":
        return [_inbound(fields)]
    sid = fields.get("MessageSid") or fields.get("SmsSid", "")
    signal = signal_of(_status(fields), sid=sid, to=fields.get("To", ""), code=fields.get("ErrorCode", ""))
    return [replace(signal, references=_given_along(request.url))]


def signal_of(status: str, *, sid: str, to: str, code: str) -> Signal:
    """Return what the status of a message means, and its error code, whether they are reported or asked for."""
    word = STATUSES.get(status, UNKNOWN)
    if status in _GONE_WRONG:
        word = ERRORS.get(code, word)
    return word.signal(
        recipient=to or None,
        status_code=code if _ID.fullmatch(code) and code != "0" else None,
        detail=status if status in STATUSES else "",
        # A status is told once for each message; callbacks carry no id and no time of their own.
        event_id=f"{sid} {status}".strip() or None,
        provider_id=sid or None,
    )


def recognises(request: FeedbackRequest) -> bool:
    if "x-twilio-signature" in request.headers:
        return True
    try:
        fields = _fields(request)
    except PermanentError:
        return False
    return "AccountSid" in fields and bool(fields.keys() & {"MessageSid", "SmsSid", "MessageStatus"})


def _fields(request: FeedbackRequest) -> Mapping[str, str]:
    """Return the fields. Raises PermanentError where none of them is of a message."""
    if request.body.lstrip().startswith(b"{"):
        told = request.json()
        fields = {name: text_at(told, name) for name in told} if isinstance(told, dict) else {}
    else:
        fields = request.form()
    if not fields.keys() & _OF_A_MESSAGE:
        raise PermanentError("the body says nothing of a message")
    return fields


def _status(fields: Mapping[str, str]) -> str:
    return (fields.get("MessageStatus") or fields.get("SmsStatus") or fields.get("EventType") or "").lower()


def _given_along(url: str) -> Mapping[str, str]:
    """Return what stands behind `?` of the callback's address, which we gave along."""
    try:
        return dict(parse_qsl(urlsplit(url).query, max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}


def _inbound(fields: Mapping[str, str]) -> Signal:
    kind = _OPT_OUTS.get(fields.get("OptOutType", "").upper()) or meaning_of_text(fields.get("Body", ""))
    return Word(kind).signal(
        recipient=fields.get("From") or None,
        event_id=fields.get("MessageSid") or fields.get("SmsSid") or None,
        provider_id=fields.get("OriginalRepliedMessageSid") or None,
    )


FORMAT = FeedbackFormat(name="twilio", recognises=recognises, read=read)
