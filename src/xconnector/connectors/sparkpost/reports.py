"""The webhook of SparkPost: it signs nothing, and sends a secret along."""

from xconnector.connectors.sparkpost.settings import SparkPostSettings
from xconnector.connectors.sparkpost.webhook import FORMAT
from xconnector.contract.report_requests import ReportRequests, sent_along


def reports_of(settings: SparkPostSettings) -> ReportRequests:
    """Return what proves and reads the requests."""
    proof = None if settings.reports is None else sent_along(settings.reports)
    return ReportRequests(format=FORMAT, proof=proof, reports_on=settings.reports_on)
