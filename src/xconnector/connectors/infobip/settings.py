"""What a connection to Infobip needs to know."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from xconnector.contract.report_settings import SecretSentAlong
from xconnector.contract.service_address import ServiceAddress
from xconnector.contract.settings import ConnectorSettings, Duration


def _checked_key(key: SecretStr) -> SecretStr:
    if not key.get_secret_value().isascii() or not key.get_secret_value().isprintable():
        raise ValueError("a key is made of visible ASCII characters")
    return key


class InfobipSettings(ConnectorSettings):
    """An account of Infobip, and whom the recipient sees as sender."""

    url: ServiceAddress
    """Where the account's API is, such as `https://xyz12.api.infobip.com`: every account has a name of its own."""
    api_key: Annotated[SecretStr, AfterValidator(_checked_key)]
    """Key that may send text messages and read their logs."""
    sender: Annotated[str, Field(pattern=r"^(\+[1-9]\d{6,14}|\d{3,8}|[A-Za-z0-9 ]{1,11})$")]
    """A number of ours in E.164, a short code, or a name of up to 11 letters; nobody can answer to a name."""
    status_callback: ServiceAddress | None = None
    """Public address of `/reports/<this connection>`: with it Infobip tells what becomes of each message."""
    valid_for: Annotated[Duration, Field(ge=timedelta(minutes=1), le=timedelta(hours=48))] = timedelta(hours=24)
    """How long Infobip may try before a message is given up; two days at most."""
    at_once: Annotated[int, Field(ge=1, le=100)] = 10
    """Messages that are handed over at the same time."""
    timeout: Duration = timedelta(seconds=20)
    """How long to wait for each answer."""
    reports: SecretSentAlong | None = None
    """How its webhook proves itself; left out, its requests need a key of ours for reports."""
