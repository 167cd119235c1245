"""What a connection to Vonage needs to know."""

from xconnector.contract.report_settings import SignedReports
from xconnector.contract.settings import ConnectorSettings


class VonageSettings(ConnectorSettings):
    """An account of Vonage."""

    reports: SignedReports | None = None
    """How its webhook proves itself; left out, its requests need a key of ours for reports."""
