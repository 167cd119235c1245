"""What a connection to Firebase Cloud Messaging needs to know."""

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


Url = Annotated[str, AfterValidator(_checked_url)]


class FcmSettings(ConnectorSettings):
    """Whose project it is, and how long the service tries."""

    service_account: Path
    """JSON file of a service account that may send, as the Firebase console gives it; relative to the project."""
    url: Url = "https://fcm.googleapis.com"
    """Where messages are handed over."""
    token_url: Url = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    """Where the service account gets its access tokens."""
    keep: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=28))] = timedelta(days=1)
    """How long the service keeps a message for a device that is not online."""
    is_urgent: bool = False
    """Whether a sleeping device is woken."""
    timeout: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(minutes=2))] = timedelta(seconds=20)
    """How long to wait for each answer."""
