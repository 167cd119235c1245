"""The webhook of Brevo: it signs nothing, and sends a secret along."""

from xconnector.connectors.brevo.settings import BrevoSettings
from xconnector.connectors.brevo.webhook import FORMAT
from xconnector.contract.report_requests import ReportRequests, sent_along


def reports_of(settings: BrevoSettings) -> ReportRequests:
    """Return what proves and reads the requests."""
    proof = None if settings.reports is None else sent_along(settings.reports)
    return ReportRequests(format=FORMAT, proof=proof, reports_on=settings.reports_on)
