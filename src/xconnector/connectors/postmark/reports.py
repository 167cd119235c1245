"""The webhook of Postmark: it signs nothing, and sends a secret along."""

from xconnector.connectors.postmark.settings import PostmarkSettings
from xconnector.connectors.postmark.webhook import FORMAT
from xconnector.contract.report_requests import ReportRequests, sent_along


def reports_of(settings: PostmarkSettings) -> ReportRequests:
    """Return what proves and reads the requests."""
    proof = None if settings.reports is None else sent_along(settings.reports)
    return ReportRequests(format=FORMAT, proof=proof)
