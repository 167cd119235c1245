"""The webhook of Mailjet: it signs nothing, and sends a secret along."""

from xconnector.connectors.mailjet.settings import MailjetSettings
from xconnector.connectors.mailjet.webhook import FORMAT
from xconnector.contract.report_requests import ReportRequests, sent_along


def reports_of(settings: MailjetSettings) -> ReportRequests:
    """Return what proves and reads the requests."""
    proof = None if settings.reports is None else sent_along(settings.reports)
    return ReportRequests(format=FORMAT, proof=proof, reports_on=settings.reports_on)
