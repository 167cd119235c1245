"""The webhook of Infobip: it signs nothing, and sends a secret along."""

from xconnector.connectors.infobip.settings import InfobipSettings
from xconnector.connectors.infobip.webhook import FORMAT
from xconnector.contract.report_requests import ReportRequests, sent_along


def reports_of(settings: InfobipSettings) -> ReportRequests:
    """Return what proves and reads the requests."""
    proof = None if settings.reports is None else sent_along(settings.reports)
    return ReportRequests(format=FORMAT, proof=proof)
