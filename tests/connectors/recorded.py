"""Requests as providers send them, and what of a signal is looked at."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from xconnector.contract.feedback import FeedbackFormat, FeedbackRequest
from xconnector.domain.feedback.signal import Signal

FORM = "application/x-www-form-urlencoded"
Seen = tuple[str, str | None, str | None, bool]


def posted(body: Any, headers: Mapping[str, str] | None = None) -> FeedbackRequest:  # noqa: ANN401 - any JSON
    """Return a request with a JSON body."""
    return FeedbackRequest(headers=headers or {}, body=json.dumps(body).encode())


def submitted(fields: Mapping[str, str], url: str = "") -> FeedbackRequest:
    """Return a request with a form."""
    return FeedbackRequest(headers={"content-type": FORM}, body=urlencode(fields).encode(), url=url)


def only(format_: FeedbackFormat, request: FeedbackRequest) -> Signal:
    (signal,) = format_.read(request)
    return signal


def seen(signal: Signal) -> Seen:
    """Return type, class, reason and whether it is final."""
    return (signal.type, signal.bounce_class, signal.reason, signal.final)
