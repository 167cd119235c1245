"""Status callbacks of Twilio: proven by the account's token over the public address and all fields."""

from datetime import datetime
from urllib.parse import urlsplit

from xconnector.connectors.twilio.settings import TwilioSettings
from xconnector.connectors.twilio.signature import is_genuine
from xconnector.connectors.twilio.webhook import FORMAT
from xconnector.contract.feedback import FeedbackRequest
from xconnector.contract.report_requests import ReportRequests, signed

_LARGEST = 256 * 1024
"""Bytes: a form of one message."""


def reports_of(settings: TwilioSettings) -> ReportRequests:
    """Return what proves and reads the requests.

    Twilio signs the address that it called. Behind a proxy that is `status_callback`, with the query of the request.
    """
    token = settings.auth_token.get_secret_value()

    def is_theirs(request: FeedbackRequest, _: datetime) -> bool:
        called = FeedbackRequest(headers=request.headers, body=request.body, url=_called(settings, request.url))
        return is_genuine(called, token)

    return ReportRequests(format=FORMAT, proof=signed(is_theirs), largest=_LARGEST)


def _called(settings: TwilioSettings, url: str) -> str:
    if settings.status_callback is None:
        return url
    query = urlsplit(url).query
    bare = str(settings.status_callback).partition("?")[0]
    return f"{bare}?{query}" if query else bare
