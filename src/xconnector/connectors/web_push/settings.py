"""What a connection to browsers needs to know."""

import base64
import binascii
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from xconnector.contract.outbound_allowance import OutboundAllowance
from xconnector.contract.settings import ConnectorSettings, Duration

_KEY = 32


def _checked_key(key: SecretStr) -> SecretStr:
    try:
        is_key = len(base64.urlsafe_b64decode(key.get_secret_value() + "==")) == _KEY
    except (binascii.Error, ValueError):
        is_key = False
    if not is_key:
        raise ValueError("a VAPID key is 32 bytes in base64url, as `web-push generate-vapid-keys` writes it")
    return key


class Urgency(StrEnum):
    """What a device that saves its battery is woken for (RFC 8030)."""

    VERY_LOW = "very-low"
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class WebPushSettings(ConnectorSettings):
    """Who we are for push services, and how long they try."""

    vapid_key: Annotated[SecretStr, AfterValidator(_checked_key)]
    """Our private key (P-256, base64url): browsers subscribe with its public half. Changed, it makes all subscriptions
    void."""
    contact: Annotated[str, Field(pattern=r"^(mailto:[^\s@]+@[^\s@]+|https://\S+)$", max_length=300)]
    """Whom a push service asks when something is wrong: `mailto:…` or `https://…`."""
    keep: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=28))] = timedelta(days=1)
    """How long a push service keeps a message for a device that is not online."""
    urgency: Urgency = Urgency.NORMAL
    """What a device is woken for: very-low, low, normal, or high."""
    allowed: OutboundAllowance = OutboundAllowance()
    """What addresses may be that browsers name, beyond https on port 443 of a public machine."""
    timeout: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(minutes=2))] = timedelta(seconds=20)
    """How long to wait for a push service's answer."""
