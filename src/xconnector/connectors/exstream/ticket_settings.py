"""Sign-in by a ticket of OTDS, as the cloud-native services and the Service Gateway take it."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, SecretStr, StringConstraints

from xconnector.contract.settings import ConnectorSettings, Duration


def _checked_url(url: str) -> str:
    return url.rstrip("/")


Url = Annotated[
    str, StringConstraints(pattern=r"^https?://[^\s/?#@\x00-\x20]+(/[^\s?#]*)?$"), AfterValidator(_checked_url)
]
"""An address without user, query, or fragment; a slash at its end does not count."""

PathTemplate = Annotated[str, StringConstraints(pattern=r"^/[^\s?#\x00-\x20]*$", max_length=500)]
"""A path behind a service's `url`, with its places in braces, such as `/inputs/{domain}`."""

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", max_length=100)]
"""Name of a header or of a cookie."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""One line of text."""


class TicketSignIn(ConnectorSettings):
    """Sign-in with a ticket of OTDS instead of a token."""

    preset: Literal["ticket"] = "ticket"
    """`ticket`: user and password give a ticket, which goes along in a header."""
    url: Url
    """Address of OTDS, without the path."""
    tenant: Line | None = None
    """Tenant, where the installation has tenants."""
    path: PathTemplate | None = None
    """Where the credentials go; left out: `/otdsws/rest/authentication/credentials`, behind `/otdstenant/{tenant}`
    where there is a tenant."""
    user: Line
    """Name of the user."""
    password: SecretStr
    """Password of the user."""
    header: HeaderName = "OTDSTicket"
    """Header that the ticket goes along in."""
    lifetime: Duration = timedelta(minutes=15)
    """How long a ticket is used before a new one is fetched; an answer that calls it expired ends it at once."""
    timeout: Duration = timedelta(seconds=30)
    """How long to wait for the answer."""

    @property
    def endpoint_path(self) -> str:
        """Path that the credentials go to, with `{tenant}` where the tenant stands."""
        return self.path or ("/otdstenant/{tenant}" if self.tenant is not None else "") + _TICKET_PATH


_TICKET_PATH = "/otdsws/rest/authentication/credentials"
