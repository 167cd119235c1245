"""The webhook of Mailgun: proven by a token that is good for one request."""

from datetime import datetime

from xconnector.connectors.mailgun.settings import MailgunSettings
from xconnector.connectors.mailgun.signature import genuine_token
from xconnector.connectors.mailgun.webhook import FORMAT
from xconnector.contract.feedback import FeedbackRequest
from xconnector.contract.report_requests import ReportRequests
from xconnector.contract.webhook_source import UnprovenError


def reports_of(settings: MailgunSettings) -> ReportRequests:
    """Return what proves and reads the requests."""
    told = settings.reports
    if told is None:
        return ReportRequests(format=FORMAT, proof=None)
    keys = [secret.get_secret_value() for secret in told.secrets]

    async def prove(request: FeedbackRequest, now: datetime) -> str:
        tokens = [genuine_token(request, key, now=now, tolerance=told.tolerance) for key in keys]
        token = next((token for token in tokens if token), None)
        if token is None:
            raise UnprovenError("the signature is missing, wrong, or of another time")
        return token

    return ReportRequests(format=FORMAT, proof=prove)
