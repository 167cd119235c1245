"""Every shape of feedback that we read, and which of them a file holds."""

import json
from collections.abc import Mapping, Sequence

from xconnector.connectors.brevo.webhook import FORMAT as BREVO
from xconnector.connectors.infobip.webhook import FORMAT as INFOBIP
from xconnector.connectors.lob.webhook import FORMAT as LOB
from xconnector.connectors.mailgun.webhook import FORMAT as MAILGUN
from xconnector.connectors.mailjet.webhook import FORMAT as MAILJET
from xconnector.connectors.postmark.webhook import FORMAT as POSTMARK
from xconnector.connectors.resend.webhook import FORMAT as RESEND
from xconnector.connectors.sendgrid.webhook import FORMAT as SENDGRID
from xconnector.connectors.ses.webhook import FORMAT as SES
from xconnector.connectors.sparkpost.webhook import FORMAT as SPARKPOST
from xconnector.connectors.twilio.webhook import FORMAT as TWILIO
from xconnector.connectors.vonage.webhook import FORMAT as VONAGE
from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import FeedbackFormat, FeedbackRequest
from xconnector.domain.feedback.mail import signals_of_mail
from xconnector.domain.feedback.mime import read_mail
from xconnector.domain.feedback.signal import Signal
from xconnector.domain.strict_json import Json

EMAIL = "email"
FORMATS: Mapping[str, FeedbackFormat] = {
    one.name: one
    for one in (
        SES,
        SENDGRID,
        MAILGUN,
        POSTMARK,
        SPARKPOST,
        MAILJET,
        RESEND,
        LOB,
        INFOBIP,
        VONAGE,
        TWILIO,
        BREVO,
    )
}
"""By name; in the order in which a request is held against them."""


class UnreadableFeedbackError(Exception):
    """The file holds nothing that we read as feedback; the message says why and shows none of it."""


def signals_of_file(content: bytes, name: str | None = None) -> Sequence[Signal]:
    """Return what a file says: a mail, or a recorded request (JSON with `headers` and the raw `body`).

    Who sent a request is not looked at. Raises UnreadableFeedbackError.
    """
    if name == EMAIL:
        return signals_of_mail(read_mail(content))
    if name is None and not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return signals_of_mail(read_mail(content))
    request = recorded_request(content)
    format_ = FORMATS[name] if name is not None else _recognised(request)
    try:
        return format_.read(request)
    except PermanentError as wrong:
        raise UnreadableFeedbackError(f"{format_.name}: {wrong}") from None


def recorded_request(content: bytes) -> FeedbackRequest:
    """Return the request that a file recorded; a file without `body` is taken as a body without headers."""
    recorded = FeedbackRequest(headers={}, body=content)
    try:
        told = recorded.json()
    except PermanentError:
        return recorded
    if not isinstance(told, dict) or "body" not in told or not told.keys() & {"headers", "url", "method"}:
        return recorded
    return FeedbackRequest(
        headers=_headers(told.get("headers")), body=_body(told["body"]), url=str(told.get("url") or "")
    )


def _recognised(request: FeedbackRequest) -> FeedbackFormat:
    for one in FORMATS.values():
        if one.recognises(request):
            return one
    raise UnreadableFeedbackError("no provider sends requests that look so; name the one with --as")


def _headers(told: Json) -> Mapping[str, str]:
    pairs = told.items() if isinstance(told, dict) else told if isinstance(told, list) else ()
    found: dict[str, str] = {}
    for pair in pairs:
        if isinstance(pair, list | tuple) and len(pair) == len(("name", "value")):
            value = pair[1][0] if isinstance(pair[1], list) and pair[1] else pair[1]
            found[str(pair[0]).lower()] = str(value)
    return found


def _body(told: Json) -> bytes:
    """Return the raw body; one that was recorded already read is written again."""
    return told.encode("utf-8", "surrogatepass") if isinstance(told, str) else json.dumps(told).encode()
