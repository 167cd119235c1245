"""Settings of an OData service that is asked."""

from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from xconnector.contract.settings import ConnectorSettings, Duration

_VERSION_2 = 2
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class BasicLogin(ConnectorSettings):
    """A user and a password."""

    kind: Literal["basic"]
    """A user and a password."""
    user: str = Field(min_length=1)
    """Name of the user."""
    password: SecretStr
    """The user's password."""


class ClientCredentials(ConnectorSettings):
    """OAuth 2 with the credentials of a client, as Microsoft Entra and SAP give them."""

    kind: Literal["client_credentials"]
    """OAuth 2 with the credentials of a client."""
    token_url: str
    """Where tokens are given, such as https://login.microsoftonline.com/TENANT/oauth2/v2.0/token."""
    client_id: str = Field(min_length=1)
    """Name of the client."""
    client_secret: SecretStr
    """The client's secret."""
    scope: str = ""
    """What is asked for, such as https://acme.crm4.dynamics.com/.default."""

    @field_validator("token_url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        return _safe(url)


class ODataSettings(ConnectorSettings):
    """An entity set of an OData service."""

    url: str
    """Root of the service, such as https://acme.crm4.dynamics.com/api/data/v9.2/. Links of the service are followed
    below it only."""
    entity_set: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.]{0,199}$")]
    """Name of the entity set, such as contacts."""
    version: Literal[2, 4] = 4
    """Version of the protocol: 4 for Dataverse and new services of SAP, 2 for older ones of SAP."""
    key: Annotated[tuple[str, ...], Field(min_length=1)]
    """The properties that together name an entity, such as contactid."""
    changed: str = ""
    """The property that grows with every change, such as LastChangeDateTime. Left out, the service must track changes
    itself and give delta links, as Dataverse does; those tell of removed entities too."""
    select: tuple[str, ...] = ()
    """Properties that are asked for; left out, all. Key and `changed` come in any case."""
    filter: Annotated[str, Field(max_length=2000)] = ""
    """Which entities, as an expression of OData, such as statecode eq 0."""
    overlap: Annotated[Duration, Field(ge=timedelta(0))] = timedelta(minutes=5)
    """With `changed`: how far each round reaches back, for what became visible late."""
    login: Annotated[BasicLogin | ClientCredentials | None, Field(discriminator="kind")] = None
    """Who asks; left out, nobody in particular."""
    largest: Annotated[int, Field(ge=1024, le=268_435_456)] = 33_554_432
    """Most bytes of one page."""
    timeout: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(minutes=10))] = timedelta(seconds=25)
    """Longest time of one call. Keep `limits.timeout` longer."""

    @property
    def is_of_version_2(self) -> bool:
        """Whether the service speaks version 2, which differs in nearly every word."""
        return self.version == _VERSION_2

    @field_validator("url")
    @classmethod
    def _is_root(cls, url: str) -> str:
        url = _safe(url)
        if urlsplit(url).query or urlsplit(url).fragment:
            raise ValueError("write the root of the service only, without ? and #")
        return url if url.endswith("/") else f"{url}/"

    @model_validator(mode="after")
    def _tells_changes(self) -> Self:
        if self.is_of_version_2 and not self.changed:
            raise ValueError("give `changed`: services of version 2 do not track changes themselves")
        return self


def _safe(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("write an address that begins with https://")
    if parts.username is not None or not parts.hostname:
        raise ValueError("write no user and password into the address; give `login`")
    return url
