"""The webhook of Lob: proven by its secret."""

from xconnector.connectors.lob.settings import LobSettings
from xconnector.connectors.lob.signature import is_genuine
from xconnector.connectors.lob.webhook import FORMAT
from xconnector.contract.report_requests import ReportRequests, signed_with_secret


def reports_of(settings: LobSettings) -> ReportRequests:
    """Return what proves and reads the requests."""
    return ReportRequests(format=FORMAT, proof=signed_with_secret(settings.reports, is_genuine))
