"""What a connection to Twilio SendGrid needs to know."""

from typing import Annotated

from pydantic import Field, SecretStr

from xconnector.contract.mail.settings import MailServiceSettings
from xconnector.contract.report_settings import Tolerance
from xconnector.contract.service_address import ServiceAddress
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.signed import TOLERANCE


class SendGridReports(ConnectorSettings):
    """How the requests of the event webhook are proven."""

    public_keys: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=1000)], ...], Field(min_length=1)]
    """Keys of which one has to fit, as SendGrid shows them under Signed Event Webhook: base64. While a key is changed,
    both stand here."""
    tolerance: Tolerance = TOLERANCE
    """How far the signed time may lie from ours, either way."""


class SendGridSettings(MailServiceSettings):
    """An account of SendGrid, and how its mails are made."""

    api_key: SecretStr
    """A key with the right to send mail."""
    url: ServiceAddress = "https://api.sendgrid.com"
    """Where the API is; the European region has another name."""
    reports: SendGridReports | None = None
    """How the event webhook proves itself: then a communication is completed when SendGrid reports on it. Left out, the
    answer to the hand-over completes it, and reports need a key of ours."""
