"""What a connection to Mailgun needs to know."""

from xconnector.contract.report_settings import SignedReports
from xconnector.contract.settings import ConnectorSettings


class MailgunSettings(ConnectorSettings):
    """An account of Mailgun."""

    reports: SignedReports | None = None
    """How its webhook proves itself; left out, its requests need a key of ours for reports."""
