"""The webhook of Lob: proven by its secret."""

from datetime import datetime

from xconnector.connectors.lob.settings import LobSettings
from xconnector.connectors.lob.signature import is_genuine
from xconnector.connectors.lob.webhook import FORMAT
from xconnector.contract.feedback import FeedbackRequest
from xconnector.contract.report_requests import ReportRequests, one_fits, signed


def reports_of(settings: LobSettings) -> ReportRequests:
    """Return what proves and reads the requests."""
    told = settings.reports
    if told is None:
        return ReportRequests(format=FORMAT, proof=None)
    secrets = [secret.get_secret_value() for secret in told.secrets]

    def is_theirs(request: FeedbackRequest, now: datetime) -> bool:
        return one_fits(secrets, lambda secret: is_genuine(request, secret, now=now, tolerance=told.tolerance))

    return ReportRequests(format=FORMAT, proof=signed(is_theirs))
