"""What a connection that SparkPost reports to needs to know."""

from xconnector.contract.report_settings import SecretSentAlong
from xconnector.contract.settings import ConnectorSettings


class SparkPostSettings(ConnectorSettings):
    """A webhook of SparkPost."""

    reports: SecretSentAlong | None = None
    """How the webhook proves itself; left out, its requests need a key of ours for reports."""
    reports_on: str | None = None
    """The connection through which the mails leave, such as one of `smtp`, whose hand-overs are reported on."""
