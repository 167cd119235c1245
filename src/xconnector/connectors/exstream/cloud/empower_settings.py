"""What a connection needs to know of Empower. Paths and codes are those of the online help (S2) and the SDK (S1)."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import ByteSize, Field, StringConstraints

from xconnector.connectors.exstream.naming import Word
from xconnector.connectors.exstream.ticket_settings import HeaderName, Line, PathTemplate, Url
from xconnector.contract.settings import ConnectorSettings, Duration

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+$", max_length=20)]
"""A status code of Empower's envelope, such as `BUSI110E`."""


class Meaning(StrEnum):
    """What a status code means to us."""

    DONE = "done"
    """It was done, or there was nothing to do."""
    GONE = "gone"
    """There is no such document."""
    EXISTS = "exists"
    """There is one already."""
    FORBIDDEN = "forbidden"
    """The account may not."""
    REFUSED = "refused"
    """It will not be done with the same request."""


class Fulfilment(ConnectorSettings):
    """How an edited draft becomes documents."""

    only_composes: bool = False
    """Whether the flow that fulfils drafts makes documents and sends nothing. Until somebody who knows the flow says
    so, a lost answer is an unknown outcome."""
    communication: UUID | None = None
    """Communication that fulfils, where it is another one than the draft's, as in the SDK's example."""
    data_source: Word | None = None
    """Productive name of its data source; left out: the Design service is asked."""


class EmpowerSettings(ConnectorSettings):
    """Empower, where people edit drafts: the cloud-native one, or the one on a server of its own.

    Of the cloud-native one only the links and the version are published; the rest is as the server edition has it.
    """

    url: Url
    """Address of its services, such as `https://exstream.acme.test/empower/api/v1` or
    `https://empower.acme.test/empower/resource`."""
    browser_url: Url | None = None
    """The same as browsers reach it; left out: `url`."""
    tenant: Line | None = None
    """Tenant that stands in the links of a Kubernetes installation."""
    subscription: Line | None = None
    """Subscription that stands in the links on OT2."""
    hosted: bool = True
    """Whether links open the editor to stand in a page of somebody else's (`hosted=true`), as the SDK does it; the
    server edition's links have no such word."""
    open_path: PathTemplate = "/docedit/{document}/open"
    """Where a browser opens a document."""
    documents_path: PathTemplate = "/documents"
    """Where the documents are."""
    import_path: PathTemplate = "/documents/import"
    """Where a document is taken in."""
    document_path: PathTemplate = "/documents/{document}"
    """Where one document is deleted."""
    meta_path: PathTemplate = "/documents/{document}/meta"
    """Where what is said of one document is read and changed."""
    export_path: PathTemplate = "/documents/{document}/export"
    """Where a document is given back."""
    health_path: PathTemplate | None = "/healthcheck"
    """Where it tells whether it is well; null where it has no such place."""
    version_path: PathTemplate | None = "/version"
    """Where it tells its version; null for the server edition, which has no such place."""
    token_path: PathTemplate | None = "/GetToken"  # noqa: S105 - the path of a call
    """Where a GET gives the token against forged requests that changes need; null where none is needed."""
    token_header: HeaderName = "X-CSRF-TOKEN"  # noqa: S105 - the name of a header
    """Header in which that token goes along."""
    largest_document: ByteSize = ByteSize(200 * 1024 * 1024)
    """The most that a document may hold; 200 MB is Empower's own limit."""
    timeout: Duration = timedelta(minutes=2)
    """How long to wait for its answers."""
    codes: Mapping[Code, Meaning] = {}
    """What further status codes mean: `done`, `gone`, `exists`, `forbidden`, or `refused`."""
    fulfilment: Fulfilment = Field(default_factory=Fulfilment)
    """How an edited draft becomes documents."""
