"""What a connection to Infobip needs to know."""

from xconnector.contract.report_settings import SecretSentAlong
from xconnector.contract.settings import ConnectorSettings


class InfobipSettings(ConnectorSettings):
    """An account of Infobip."""

    reports: SecretSentAlong | None = None
    """How its webhook proves itself; left out, its requests need a key of ours for reports."""
