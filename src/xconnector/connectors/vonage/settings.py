"""What a connection to Vonage needs to know."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr

from xconnector.contract.report_settings import SignedReports
from xconnector.contract.service_address import ServiceAddress
from xconnector.contract.settings import ConnectorSettings, Duration


class VonageSettings(ConnectorSettings):
    """An account of Vonage, and whom the recipient sees as sender."""

    api_key: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{4,40}$")]
    """The account, as its dashboard shows it."""
    api_secret: SecretStr
    """Its secret."""
    sender: Annotated[str, Field(pattern=r"^(\+[1-9]\d{6,14}|\d{3,8}|[A-Za-z0-9 ]{1,11})$")]
    """A number of ours in E.164, a short code, or a name of up to 11 letters; nobody can answer to a name."""
    status_callback: ServiceAddress | None = None
    """Public address of `/reports/<this connection>`: with it Vonage tells what becomes of each message."""
    valid_for: Annotated[Duration, Field(ge=timedelta(seconds=20), le=timedelta(days=7))] = timedelta(days=1)
    """How long Vonage may try before a message is given up; seven days at most."""
    at_once: Annotated[int, Field(ge=1, le=100)] = 10
    """Messages that are handed over at the same time."""
    url: ServiceAddress = "https://api.nexmo.com"
    """Where the Messages API is; other regions have other names."""
    account_url: ServiceAddress = "https://rest.nexmo.com"
    """Where the account's balance is asked for, to prove key and secret."""
    timeout: Duration = timedelta(seconds=20)
    """How long to wait for each answer."""
    reports: SignedReports | None = None
    """How its webhook proves itself; left out, its requests need a key of ours for reports."""
