"""The webhook of Vonage: proven by its secret."""

from xconnector.connectors.vonage.settings import VonageSettings
from xconnector.connectors.vonage.signature import is_genuine
from xconnector.connectors.vonage.webhook import FORMAT
from xconnector.contract.report_requests import ReportRequests, signed_with_secret


def reports_of(settings: VonageSettings) -> ReportRequests:
    """Return what proves and reads the requests."""
    return ReportRequests(format=FORMAT, proof=signed_with_secret(settings.reports, is_genuine))
