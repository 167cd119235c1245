"""Mailgun's signature: over a time and a token, and over nothing of the event.

It proves that Mailgun once sent something. That this request is it follows only from TLS, and from taking each token
once: whoever verifies keeps the tokens of the last minutes.
"""

from datetime import datetime, timedelta

from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import FeedbackRequest, text_at
from xconnector.domain.signed import TOLERANCE, is_fresh, is_hmac_hex

_LONGEST_TOKEN = 100


def genuine_token(
    request: FeedbackRequest, signing_key: str, *, now: datetime, tolerance: timedelta = TOLERANCE
) -> str | None:
    """Return the token of a request that Mailgun signed lately, to be taken once; None for any other."""
    try:
        timestamp, token, signature = _told(request)
    except PermanentError:
        return None
    if not token or len(token) > _LONGEST_TOKEN or not is_fresh(timestamp, now=now, tolerance=tolerance):
        return None
    genuine = is_hmac_hex(signature, signing_key.encode(), f"{timestamp}{token}".encode())
    return token if genuine else None


def _told(request: FeedbackRequest) -> tuple[str, str, str]:
    if request.is_form:
        form = request.form()
        return form.get("timestamp", ""), form.get("token", ""), form.get("signature", "")
    body = request.json()
    return (
        text_at(body, "signature", "timestamp"),
        text_at(body, "signature", "token"),
        text_at(body, "signature", "signature"),
    )
