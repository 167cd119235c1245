"""The webhook of Resend: proven by its secret."""

from xconnector.connectors.resend.settings import ResendSettings
from xconnector.connectors.resend.signature import is_genuine
from xconnector.connectors.resend.webhook import FORMAT
from xconnector.contract.report_requests import ReportRequests, signed_with_secret


def reports_of(settings: ResendSettings) -> ReportRequests:
    """Return what proves and reads the requests."""
    return ReportRequests(
        format=FORMAT, proof=signed_with_secret(settings.reports, is_genuine), reports_on=settings.reports_on
    )
