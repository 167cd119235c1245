"""What a connection to Postmark needs to know."""

from xconnector.contract.report_settings import SecretSentAlong
from xconnector.contract.settings import ConnectorSettings


class PostmarkSettings(ConnectorSettings):
    """An account of Postmark."""

    reports: SecretSentAlong | None = None
    """How its webhook proves itself; left out, its requests need a key of ours for reports."""
