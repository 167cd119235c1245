"""What a connection to Lob needs to know."""

from xconnector.contract.report_settings import SignedReports
from xconnector.contract.settings import ConnectorSettings


class LobSettings(ConnectorSettings):
    """An account of Lob."""

    reports: SignedReports | None = None
    """How its webhook proves itself; left out, its requests need a key of ours for reports."""
