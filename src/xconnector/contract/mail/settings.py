"""What every channel for e-mail needs to know: who sends, where replies go, and how recipients say no more."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from xconnector.contract.mail.address import mailbox
from xconnector.contract.settings import ConnectorSettings, Duration
from xconnector.domain.document import RenditionKind


def _checked_mailbox(address: str) -> str:
    if mailbox(address).needs_utf8:
        raise ValueError("an address of ours must be ASCII before the @, so that every relay takes it")
    return address


def _checked_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line without control characters")
    return text


MailAddress = Annotated[str, AfterValidator(_checked_mailbox)]
Line = Annotated[str, AfterValidator(_checked_line)]


class Sender(ConnectorSettings):
    """Whom the recipient sees."""

    address: MailAddress
    """Address of the From line."""
    name: Line = ""
    """Name beside it."""


class Unsubscribe(ConnectorSettings):
    """How recipients of promotional mails say no more (RFC 2369 and RFC 8058)."""

    url: Annotated[str, Field(pattern=r"^https://[!-~]+[^/]$", max_length=500)]
    """Address that takes one-click requests, https only; a signed token is appended as its last path segment."""
    mailto: MailAddress | None = None
    """Address that takes them by mail as well; the token comes in the subject."""


class MailSettings(ConnectorSettings):
    """How mails are made."""

    sender: Sender
    """Whom the recipient sees."""
    reply_to: MailAddress | None = None
    """Where replies go, if not to the sender."""
    token_secret: Annotated[SecretStr, Field(min_length=16)]
    """At least 16 characters: signs the references in envelope senders, Message-IDs, and unsubscribe links, so that
    nobody can invent a bounce. Changed, it makes bounces of earlier mails unknown."""
    unsubscribe: Unsubscribe | None = None
    """Offered in promotional mails only."""
    attach_letter: bool = True
    """Whether the letter goes along as PDF."""


class MailServiceSettings(MailSettings):
    """A provider's service that takes mails over HTTPS."""

    at_once: Annotated[int, Field(ge=1, le=100)] = 10
    """Mails that are handed over at the same time."""
    timeout: Duration = timedelta(seconds=30)
    """How long to wait for each answer."""


def renditions_of(settings: MailSettings) -> frozenset[RenditionKind]:
    """Return the renditions without which no mail can be made."""
    letter = {RenditionKind.LETTER} if settings.attach_letter else set[RenditionKind]()
    return frozenset({RenditionKind.EMAIL, *letter})
