"""Resend's signature: Standard Webhooks, under the names of Svix."""

from datetime import datetime, timedelta

from xconnector.contract.feedback import FeedbackRequest
from xconnector.domain.signed import TOLERANCE, is_standard_webhook


def is_genuine(request: FeedbackRequest, secret: str, *, now: datetime, tolerance: timedelta = TOLERANCE) -> bool:
    """Say whether Resend signed this request lately; the secret begins with `whsec_`."""
    told = {name: request.headers.get(f"svix-{name}") or request.headers.get(f"webhook-{name}", "") for name in _NAMES}
    return is_standard_webhook(
        message_id=told["id"],
        timestamp=told["timestamp"],
        signatures=told["signature"],
        secret=secret,
        body=request.body,
        now=now,
        tolerance=tolerance,
    )


_NAMES = ("id", "timestamp", "signature")
