"""What a connection to Mailgun needs to know."""

from typing import Annotated

from pydantic import Field, SecretStr

from xconnector.contract.mail.settings import MailServiceSettings
from xconnector.contract.report_settings import SignedReports
from xconnector.contract.service_address import ServiceAddress


class MailgunSettings(MailServiceSettings):
    """A sending domain of Mailgun, and how its mails are made."""

    api_key: SecretStr
    """A key with the right to send for the domain."""
    domain: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,253}$")]
    """The sending domain, as Mailgun knows it."""
    url: ServiceAddress = "https://api.mailgun.net"
    """Where the API is; that of the European region is `https://api.eu.mailgun.net`."""

    reports: SignedReports | None = None
    """How its webhook proves itself: then a communication is completed when the provider reports on it. Left out, the
    answer to the hand-over completes it, and reports need a key of ours."""
