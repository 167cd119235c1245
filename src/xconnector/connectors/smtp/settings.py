"""What a connection to an SMTP relay needs to know."""

import ipaddress
import re
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from xconnector.contract.mail.message import BounceAddress
from xconnector.contract.mail.settings import Line, MailSettings
from xconnector.contract.settings import ConnectorSettings, Duration
from xconnector.domain.reference_token import TOKEN_LENGTH

_LONGEST_LOCAL_PART = 64
"""Octets, RFC 5321 section 4.5.3.1.1."""
# Ends in a sign that no token holds, so that the token can be found behind it.
_BOUNCE_PREFIX = re.compile(r"[a-z0-9][a-z0-9+._=-]*(?<=[+._=-])", re.ASCII)


def _checked_prefix(prefix: str) -> str:
    if not _BOUNCE_PREFIX.fullmatch(prefix):
        raise ValueError("a bounce prefix is a lower-case word that ends in one of + . _ = -, such as b+")
    return prefix


class Encryption(StrEnum):
    """How the way to the relay is protected."""

    NONE = "none"
    """Not at all: only to this machine, unless `plain_text_allowed` says otherwise."""
    STARTTLS = "starttls"
    """Begun in plain text and encrypted before anything is said; without that nothing is sent."""
    TLS = "tls"
    """Encrypted from the first byte, usually on port 465."""


class BounceMailbox(ConnectorSettings):
    """Where bounces arrive."""

    maildir: Path
    """Maildir into which the mail server puts whatever comes to the bounce domain; relative to the project."""


class DkimSettings(ConnectorSettings):
    """What signs mails, where the relay does not."""

    domain: Annotated[Line, Field(pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")]
    """Domain that signs: that of the sender's address, or one above it."""
    selector: Annotated[Line, Field(pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$")]
    """Name of the key: its public half stands in the DNS under `<selector>._domainkey.<domain>`."""
    key_file: Path
    """The private key (RSA, PEM, without password); relative to the project."""


class SmtpSettings(MailSettings):
    """A relay, who sends through it, and how bounces find their way back."""

    host: Annotated[Line, Field(min_length=1)]
    """Name or address of the relay."""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    """Port of the relay."""
    tls: Encryption = Encryption.STARTTLS
    """`starttls`, `tls`, or `none`; `none` only to this machine."""
    plain_text_allowed: bool = False
    """Allows `tls: none` to another machine, for a relay inside a protected network."""
    ca_file: Path | None = None
    """Certificates (PEM) that may sign the relay's, beside the system's; relative to the project."""
    user: str | None = None
    """Name to log in with; without it the relay is used without login."""
    password: SecretStr | None = None
    """Password to log in with."""
    hello_name: Annotated[Line, Field(pattern=r"^[A-Za-z0-9.\[\]:-]+$")] | None = None
    """Name that we greet the relay with; the sender's domain if left out."""
    bounce_domain: Annotated[Line, Field(pattern=r"^[A-Za-z0-9.-]+$")] | None = None
    """Domain that takes bounces: every mail gets an envelope sender of its own there. Without it bounces go to the
    sender's address."""
    bounce_prefix: Annotated[
        str, Field(max_length=_LONGEST_LOCAL_PART - TOKEN_LENGTH), AfterValidator(_checked_prefix)
    ] = "b+"
    """What the local part of those addresses begins with."""
    bounces: BounceMailbox | None = None
    """Where bounces arrive; left out, nobody looks for them."""
    dkim: DkimSettings | None = None
    """Signs mails by ourselves, `List-Unsubscribe` and `List-Unsubscribe-Post` included; left out, the relay signs."""
    success_reports: bool = False
    """Whether relays are asked to report success as well as failure and delay: one more mail for each mail."""
    messages_per_session: Annotated[int, Field(ge=1)] = 100
    """Mails over one connection before it is opened anew, as relays limit them."""
    timeout: Duration = timedelta(seconds=60)
    """How long to wait for each answer of the relay."""

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together: give both or neither")
        return self

    @model_validator(mode="after")
    def _signs_for_itself(self) -> Self:
        domain = self.sender.address.rpartition("@")[2].lower()
        if self.dkim is not None and not f".{domain}".endswith(f".{self.dkim.domain.lower()}"):
            raise ValueError("dkim.domain is that of the sender's address, or one above it; else it proves nothing")
        return self

    @model_validator(mode="after")
    def _plain_text_stays_here(self) -> Self:
        if self.tls is Encryption.NONE and not self.plain_text_allowed and not _is_this_machine(self.host):
            raise ValueError(
                "tls: none would send customers' mails readable over the network; "
                "use starttls or tls, or state plain_text_allowed: true"
            )
        return self


def bounce_address(settings: SmtpSettings) -> BounceAddress | None:
    """Return where bounces go; None where they go to the sender."""
    if settings.bounce_domain is None:
        return None
    return BounceAddress(prefix=settings.bounce_prefix, domain=settings.bounce_domain)


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
