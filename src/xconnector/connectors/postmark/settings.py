"""What a connection to Postmark needs to know."""

from typing import Annotated

from pydantic import Field, SecretStr

from xconnector.contract.mail.settings import MailServiceSettings
from xconnector.contract.report_settings import SecretSentAlong
from xconnector.contract.service_address import ServiceAddress

Stream = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,100}$")]


class PostmarkSettings(MailServiceSettings):
    """A server of Postmark, and how its mails are made."""

    server_token: SecretStr
    """The server's own API token."""
    stream: Stream = "outbound"
    """The message stream of mails that are no advertising."""
    promotional_stream: Stream = "broadcast"
    """The message stream of promotional mails."""
    url: ServiceAddress = "https://api.postmarkapp.com"
    """Where the API is."""

    reports: SecretSentAlong | None = None
    """How its webhook proves itself: then a communication is completed when the provider reports on it. Left out, the
    answer to the hand-over completes it, and reports need a key of ours."""
