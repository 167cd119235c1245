"""What a connection to Apple's push service needs to know."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from xconnector.contract.settings import ConnectorSettings, Duration
from xconnector.contract.transport import is_this_machine


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_this_machine(parts.hostname or "")):
        raise ValueError("write an address that begins with https://")
    return url.rstrip("/")


class ApnsSettings(ConnectorSettings):
    """Whose app it is, and how long the service tries."""

    key_file: Path
    """Private key (.p8) of the team, as Apple gives it; relative to the project."""
    key_id: Annotated[str, Field(pattern=r"^[A-Z0-9]{10}$")]
    """Id of that key."""
    team_id: Annotated[str, Field(pattern=r"^[A-Z0-9]{10}$")]
    """Id of the team."""
    topic: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,200}$")]
    """Bundle id of the app, such as example.bank."""
    url: Annotated[str, AfterValidator(_checked_url)] = "https://api.push.apple.com"
    """Where messages are handed over; https://api.sandbox.push.apple.com for apps in development."""
    keep: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=30))] = timedelta(days=1)
    """How long the service keeps a message for a device that is not online."""
    is_urgent: bool = False
    """Whether a device is woken at once, whatever its battery says."""
    timeout: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(minutes=2))] = timedelta(seconds=20)
    """How long to wait for each answer."""
