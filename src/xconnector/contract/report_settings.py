"""How requests of providers are proven: settings that several of them share."""

import base64
import binascii
from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr, model_validator

from xconnector.contract.settings import ConnectorSettings, Duration
from xconnector.domain.signed import TOLERANCE

Secrets = Annotated[
    tuple[Annotated[SecretStr, Field(min_length=1, max_length=1000)], ...], Field(min_length=1, max_length=5)
]
Tolerance = Annotated[Duration, Field(gt=timedelta(0), le=timedelta(days=1))]
Shared = Annotated[tuple[Annotated[SecretStr, Field(min_length=16, max_length=1000)], ...], Field(min_length=1)]


class SignedReports(ConnectorSettings):
    """How the provider signs its requests."""

    secrets: Secrets
    """Secrets of which one has to fit, as the provider shows them. While a secret is changed, both stand here."""
    tolerance: Tolerance = TOLERANCE
    """How far the signed time may lie from ours, either way."""


class SecretSentAlong(ConnectorSettings):
    """A secret that the provider sends with each request, as it signs none: it proves it while nobody else sees it."""

    secrets: Shared
    """Secrets of at least 16 characters, of which one has to be sent. While a secret is changed, both stand here."""
    user: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^:\x00-\x1f]+$")] | None = None
    """Name of the user, where the secret is a password (`Authorization: Basic`), as of `https://user:secret@…`."""
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$&'*+.^_`|~-]{1,100}$")] | None = None
    """The header that carries the secret alone, or behind `Bearer`, instead."""

    @model_validator(mode="after")
    def _is_in_one_place(self) -> "SecretSentAlong":
        if (self.user is None) is (self.header is None):
            raise ValueError("say how the secret is sent: with a `user`, or in a `header`")
        return self


def password_of(authorization: str, user: str) -> str:
    """Return the password that `Authorization: Basic` gives for a user; empty for any other."""
    scheme, _, told = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        name, _, password = base64.b64decode(told.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return ""
    return password if name == user else ""
