"""Lob's signature: HMAC-SHA256 over the time and the raw body."""

from datetime import datetime, timedelta

from xconnector.contract.feedback import FeedbackRequest
from xconnector.domain.signed import TOLERANCE, is_fresh, is_hmac_hex


def is_genuine(request: FeedbackRequest, secret: str, *, now: datetime, tolerance: timedelta = TOLERANCE) -> bool:
    """Say whether Lob signed this request lately, with the secret of the webhook."""
    timestamp = request.headers.get("lob-signature-timestamp", "")
    return is_fresh(timestamp, now=now, tolerance=tolerance) and is_hmac_hex(
        request.headers.get("lob-signature", ""), secret.encode(), f"{timestamp}.".encode() + request.body
    )
