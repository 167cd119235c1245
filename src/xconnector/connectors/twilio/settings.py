"""What a connection to Twilio needs to know."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from xconnector.contract.service_address import ServiceAddress
from xconnector.contract.settings import ConnectorSettings, Duration


class TwilioSettings(ConnectorSettings):
    """An account, and whom the recipient sees as sender."""

    account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-fA-F]{32}$")]
    """The account, as its console shows it: `AC` and 32 hexadecimal digits."""
    auth_token: SecretStr
    """Its token: signs what Twilio reports, and logs in where there is no `api_key`."""
    api_key: Annotated[str, Field(pattern=r"^SK[0-9a-fA-F]{32}$")] | None = None
    """A key of its own to log in with, which can be withdrawn without changing the account's token."""
    api_key_secret: SecretStr | None = None
    """What belongs to `api_key`."""
    sender: Annotated[str, Field(pattern=r"^(\+[1-9]\d{6,14}|\d{3,8}|[A-Za-z0-9 ]{1,11})$")] | None = None
    """A number of ours in E.164, a short code, or a name of up to 11 letters; nobody can answer to a name."""
    messaging_service: Annotated[str, Field(pattern=r"^MG[0-9a-fA-F]{32}$")] | None = None
    """A messaging service that chooses the sender, instead of `sender`."""
    status_callback: ServiceAddress | None = None
    """Public address of `/reports/<this connection>`: with it Twilio tells what becomes of each message."""
    valid_for: Annotated[Duration, Field(ge=timedelta(seconds=1), le=timedelta(hours=10))] = timedelta(hours=4)
    """How long Twilio may try before a message is given up; ten hours at most."""
    at_once: Annotated[int, Field(ge=1, le=100)] = 10
    """Messages that are handed over at the same time."""
    url: ServiceAddress = "https://api.twilio.com"
    """Where the API is; other regions have other names."""
    timeout: Duration = timedelta(seconds=20)
    """How long to wait for each answer."""

    @model_validator(mode="after")
    def _has_one_sender(self) -> Self:
        if (self.sender is None) is (self.messaging_service is None):
            raise ValueError("give either `sender` or `messaging_service`")
        return self

    @model_validator(mode="after")
    def _key_is_whole(self) -> Self:
        if (self.api_key is None) is not (self.api_key_secret is None):
            raise ValueError("api_key and api_key_secret belong together: give both or neither")
        return self
