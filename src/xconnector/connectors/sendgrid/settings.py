"""What a connection to Twilio SendGrid needs to know."""

from typing import Annotated

from pydantic import Field

from xconnector.contract.report_settings import Tolerance
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.signed import TOLERANCE


class SendGridReports(ConnectorSettings):
    """How the requests of the event webhook are proven."""

    public_keys: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=1000)], ...], Field(min_length=1)]
    """Keys of which one has to fit, as SendGrid shows them under Signed Event Webhook: base64. While a key is changed,
    both stand here."""
    tolerance: Tolerance = TOLERANCE
    """How far the signed time may lie from ours, either way."""


class SendGridSettings(ConnectorSettings):
    """An account of SendGrid."""

    reports: SendGridReports | None = None
    """How the event webhook proves itself; left out, its requests need a key of ours for reports."""
