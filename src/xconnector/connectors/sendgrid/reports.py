"""The event webhook of Twilio SendGrid: proven by its public key."""

from datetime import datetime

from xconnector.connectors.sendgrid.settings import SendGridSettings
from xconnector.connectors.sendgrid.signature import is_genuine
from xconnector.connectors.sendgrid.webhook import FORMAT
from xconnector.contract.feedback import FeedbackRequest
from xconnector.contract.report_requests import ReportRequests, one_fits, signed


def reports_of(settings: SendGridSettings) -> ReportRequests:
    """Return what proves and reads the requests."""
    told = settings.reports
    if told is None:
        return ReportRequests(format=FORMAT, proof=None)

    def is_theirs(request: FeedbackRequest, now: datetime) -> bool:
        return one_fits(told.public_keys, lambda key: is_genuine(request, key, now=now, tolerance=told.tolerance))

    return ReportRequests(format=FORMAT, proof=signed(is_theirs))
