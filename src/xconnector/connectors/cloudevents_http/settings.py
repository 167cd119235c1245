"""What a connection to a receiver of CloudEvents needs to know."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from xconnector.contract.outbound_allowance import ForbiddenAddressError, OutboundAllowance, check_url
from xconnector.contract.settings import ConnectorSettings, Duration
from xconnector.contract.standard_webhook import WebhookSecret


class CloudEventsSettings(ConnectorSettings):
    """A receiver, and how it knows that it comes from us."""

    url: str
    """Address of the receiver: https to a public machine, unless `allowed` says otherwise."""
    secrets: Annotated[tuple[WebhookSecret, ...], Field(min_length=1, max_length=2)]
    """What signs: `whsec_` and base64 (24 to 64 bytes), or `whsk_` and base64 for a private key of ed25519. While one
    is being replaced, both: each signs."""
    bearer: SecretStr | None = None
    """Sent as `Authorization: Bearer` where the receiver asks for it besides."""
    batch: Annotated[int, Field(ge=1, le=500)] = 1
    """The most events of one request. More than one goes as a batch (`application/cloudevents-batch+json`), which a
    receiver takes or refuses as a whole."""
    allowed: OutboundAllowance = OutboundAllowance()
    """What the address may be, beyond https on port 443 of a public machine."""
    timeout: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(minutes=2))] = timedelta(seconds=20)
    """How long to wait for the receiver's answer. Keep `limits.timeout` longer."""

    @model_validator(mode="after")
    def _may_be_called(self) -> Self:
        try:
            check_url(self.url, self.allowed)
        except ForbiddenAddressError as why:
            raise ValueError(f"url: {why}") from None
        return self
