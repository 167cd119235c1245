"""What a connection to a receiver of webhooks needs to know."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from xconnector.contract.outbound_allowance import ForbiddenAddressError, OutboundAllowance, check_url
from xconnector.contract.settings import ConnectorSettings, Duration
from xconnector.contract.standard_webhook import WebhookSecret
from xconnector.domain.document import RenditionKind
from xconnector.domain.routing.plan import Medium


class Carriage(StrEnum):
    """How the documents go along."""

    LINK = "link"
    """As addresses from which the receiver fetches them."""
    BODY = "body"
    """Within the JSON, for small ones: texts as text, others in base64."""
    MULTIPART = "multipart"
    """As parts of their own behind the JSON (multipart/form-data), whatever their size."""


class WebhookChannelSettings(ConnectorSettings):
    """A receiver, what it is given, and how it knows that it comes from us."""

    url: str
    """Address of the receiver: https to a public machine, unless `allowed` says otherwise."""
    medium: Medium
    """By which way it reaches people: laws, consents, and the tables of the project speak of it."""
    takes: Annotated[frozenset[RenditionKind], Field(min_length=1)] = frozenset({RenditionKind.LETTER})
    """The renditions that go along: letter, email, sms, push."""
    documents: Carriage = Carriage.LINK
    """How the documents go along: `link`, `body`, or `multipart`."""
    link: Annotated[str, Field(pattern=r"^https://[!-~]+$", max_length=1000)] | None = None
    """With `documents: link`: where a document is fetched, with `{communication}` for the communication's id,
    `{rendition}` for letter, email, sms or push, and `{sha256}` for the digest of its bytes."""
    secrets: Annotated[tuple[WebhookSecret, ...], Field(min_length=1, max_length=2)]
    """What signs: `whsec_` and base64 (24 to 64 bytes), or `whsk_` and base64 for a private key of ed25519. While one
    is being replaced, both: each signs."""
    bearer: SecretStr | None = None
    """Sent as `Authorization: Bearer` where the receiver asks for it besides."""
    knows_again: bool = False
    """Whether the receiver takes a `webhook-id` once only. Then a lost answer is tried again; else somebody must look
    there, because nobody knows whether it arrived."""
    allowed: OutboundAllowance = OutboundAllowance()
    """What the address may be, beyond https on port 443 of a public machine."""
    timeout: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(minutes=2))] = timedelta(seconds=20)
    """How long to wait for the receiver's answer. Keep `limits.timeout` longer."""
    largest: Annotated[int, Field(ge=1024, le=104_857_600)] = 20_971_520
    """Most bytes of one request with `documents: multipart`; the JSON alone is always below 20 kB."""

    @model_validator(mode="after")
    def _may_be_called(self) -> Self:
        try:
            check_url(self.url, self.allowed)
        except ForbiddenAddressError as why:
            raise ValueError(f"url: {why}") from None
        return self

    @model_validator(mode="after")
    def _link_is_whole(self) -> Self:
        if (self.documents is Carriage.LINK) is not (self.link is not None):
            raise ValueError("`link` says where documents are fetched with `documents: link`, and only then")
        if self.link is not None:
            try:
                self.link.format(communication="c", rendition="letter", sha256="0")
            except (KeyError, IndexError, ValueError):
                raise ValueError("in `link` stand {communication}, {rendition}, and {sha256}, and no others") from None
        return self
