"""What a connection that Resend reports to needs to know."""

from xconnector.contract.report_settings import SignedReports
from xconnector.contract.settings import ConnectorSettings


class ResendSettings(ConnectorSettings):
    """A webhook of Resend."""

    reports: SignedReports | None = None
    """How the webhook proves itself; left out, its requests need a key of ours for reports."""
    reports_on: str | None = None
    """The connection through which the mails leave, such as one of `smtp`, whose hand-overs are reported on."""
