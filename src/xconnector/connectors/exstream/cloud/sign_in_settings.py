"""How a connection proves who it is: by a token of OTDS, or by one of its tickets."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self, cast

from pydantic import Discriminator, SecretStr, Tag, model_validator

from xconnector.connectors.exstream.ticket_settings import HeaderName, Line, PathTemplate, TicketSignIn, Url
from xconnector.contract.settings import ConnectorSettings, Duration


class Preset(StrEnum):
    """Where the token endpoint lies."""

    OTDS_SINGLE = "otds-single"
    """`{url}/otdsws/oauth2/token`: one OTDS without tenants."""
    K8S_TENANT = "k8s-tenant"
    """`{url}/otdsws/otdstenant/{tenant}/oauth2/token`: OTDS of a Kubernetes installation."""
    OT2 = "ot2"
    """`{url}/otdstenant/{tenant}/oauth2/token`: OpenText's own cloud."""
    API_GW = "api-gw"
    """`{url}/tenants/{tenant}/oauth2/token`: the API gateway; it takes client credentials as JSON."""
    LOGIN = "login"
    """`{url}/otds/otdstenant/{tenant}/otdsws/login`: as seen in clients, not documented."""
    TENANT_OTDSWS = "tenant-otdsws"
    """`{url}/otdstenant/{tenant}/otdsws/oauth2/token`: reported, not documented."""
    CUSTOM = "custom"
    """`path` says it."""


class Grant(StrEnum):
    """What is given for a token."""

    CLIENT_CREDENTIALS = "client_credentials"
    """Client id and secret."""
    PASSWORD = "password"  # noqa: S105 - the name of the grant
    """User and password, with the client's id."""
    TOKEN_EXCHANGE = "token_exchange"  # noqa: S105 - the name of the grant
    """Client id and secret, for a token in the name of `subject`."""


class ClientSentAs(StrEnum):
    """How the client's id and secret travel."""

    FORM = "form"
    """As fields of the form."""
    BASIC = "basic"
    """As Basic credentials in the header, the rest as form."""
    JSON = "json"
    """All of it as JSON."""


class TokenSignIn(ConnectorSettings):
    """Sign-in by OAuth2 at OTDS; the token goes along as bearer."""

    preset: Preset
    """Which token endpoint: `otds-single`, `k8s-tenant`, `ot2`, `api-gw`, `login`, `tenant-otdsws`, or `custom`."""
    url: Url
    """Address of OTDS or of the API gateway, without the path that the preset adds."""
    tenant: Line | None = None
    """Tenant or its id, for presets that have one in their path."""
    path: PathTemplate | None = None
    """Path of the token endpoint for `custom`; `{tenant}` stands for the tenant."""
    grant: Grant = Grant.CLIENT_CREDENTIALS
    """`client_credentials`, `password`, or `token_exchange`."""
    client_id: Line | None = None
    """Id of the OAuth client."""
    client_secret: SecretStr | None = None
    """Its secret; clients for `password` may be without."""
    client_sent_as: ClientSentAs | None = None
    """`form`, `basic`, or `json`; left out: as the preset is documented, which is `form` but for `api-gw`."""
    user: Line | None = None
    """Name of the user for `password`."""
    password: SecretStr | None = None
    """Password of the user."""
    subject: Line | None = None
    """Whose name the token is in, for `token_exchange`: `user@partition`."""
    scopes: tuple[Line, ...] = ("otds:groups",)
    """Scopes to ask for. `otds:groups` is the SDK's for its own installation; on OT2 it asks for `search`,
    `otds:groups` and `subscription:<name>`."""
    lifetime: Duration = timedelta(minutes=15)
    """How long a token lasts whose answer does not say so; the SDK's documentation names 15 minutes."""
    margin: Duration = timedelta(seconds=60)
    """How long before its end a token is renewed; never more than half of its life."""
    timeout: Duration = timedelta(seconds=30)
    """How long to wait for the answer."""

    @model_validator(mode="after")
    def _endpoint_is_whole(self) -> Self:
        if (self.path is not None) != (self.preset is Preset.CUSTOM):
            raise ValueError("path belongs to preset: custom; give both or neither")
        if "{tenant}" in self.endpoint_path and self.tenant is None:
            raise ValueError(f"preset: {self.preset.value} has the tenant in its path; give tenant")
        return self

    @model_validator(mode="after")
    def _grant_is_whole(self) -> Self:
        missing = [name for name in _NEEDED[self.grant] if getattr(self, name) is None]
        if missing:
            raise ValueError(f"grant: {self.grant.value} needs {' and '.join(missing)}")
        if self.client_sent_as is ClientSentAs.BASIC and (self.client_id is None or self.client_secret is None):
            raise ValueError("client_sent_as: basic needs client_id and client_secret")
        return self

    @property
    def endpoint_path(self) -> str:
        """Path of the token endpoint, with `{tenant}` where the tenant stands."""
        return self.path or _PATHS[self.preset]

    @property
    def sends_client_as(self) -> ClientSentAs:
        """How the client's id and secret travel."""
        if self.client_sent_as is not None:
            return self.client_sent_as
        if self.preset is Preset.API_GW and self.grant is Grant.CLIENT_CREDENTIALS:
            return ClientSentAs.JSON
        if self.preset is Preset.API_GW and self.client_secret is not None:
            return ClientSentAs.BASIC
        return ClientSentAs.FORM


def _method(given: object) -> str:
    preset = cast("dict[str, object]", given).get("preset") if isinstance(given, dict) else getattr(given, "preset", "")
    return "ticket" if preset == "ticket" else "token"


SignInSettings = Annotated[
    Annotated[TokenSignIn, Tag("token")] | Annotated[TicketSignIn, Tag("ticket")], Discriminator(_method)
]
"""One of the two; `preset` says which."""

_PATHS = {
    Preset.OTDS_SINGLE: "/otdsws/oauth2/token",
    Preset.K8S_TENANT: "/otdsws/otdstenant/{tenant}/oauth2/token",
    Preset.OT2: "/otdstenant/{tenant}/oauth2/token",
    Preset.API_GW: "/tenants/{tenant}/oauth2/token",
    Preset.LOGIN: "/otds/otdstenant/{tenant}/otdsws/login",
    Preset.TENANT_OTDSWS: "/otdstenant/{tenant}/otdsws/oauth2/token",
    Preset.CUSTOM: "",
}
_NEEDED = {
    Grant.CLIENT_CREDENTIALS: ("client_id", "client_secret"),
    Grant.PASSWORD: ("client_id", "user", "password"),
    Grant.TOKEN_EXCHANGE: ("client_id", "client_secret", "subject"),
}


class Csrf(ConnectorSettings):
    """The token against forged requests that some installations want besides the sign-in."""

    url: Url
    """Where a GET, signed in, gives the cookie; no public documentation names the place."""
    cookie: HeaderName = "csrfToken"
    """Name of the cookie, as the documentation of HTTP inputs calls it."""
    header: HeaderName | None = "X-CSRF-TOKEN"
    """Header that its value goes along in besides the cookie; unpublished, taken from Empower."""
