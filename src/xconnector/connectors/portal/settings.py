"""What a connection to the portal needs to know."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from xconnector.contract.settings import ConnectorSettings, Duration


def _checked_key(key: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[!-~]+", key.get_secret_value()):
        raise ValueError("a key is made of visible ASCII characters, without spaces")
    return key


class PortalSettings(ConnectorSettings):
    """Where the portal is, and the key to publish there."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")]
    """Address of the portal, such as `https://portal.aurora.test`; without user, query, or fragment."""
    key: Annotated[SecretStr, AfterValidator(_checked_key)]
    """Key that allows to publish, sent as bearer token."""
    timeout: Duration = timedelta(seconds=30)
    """How long to wait for the portal's answer."""
