"""What a connection needs to know of the Design service (DAS). Paths, filters and states are those of the SDK (S1)."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from xconnector.connectors.exstream.ticket_settings import Line, PathTemplate, Url
from xconnector.contract.settings import ConnectorSettings, Duration

State = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z_]*$", max_length=40)]
"""A workflow state in the service's own word, such as `APPROVED`."""
ResourceType = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+$", max_length=60)]

MOVES: Final[Mapping[str, tuple[str, ...]]] = {
    "DRAFT": ("REVIEW",),
    "REVIEW": ("APPROVED", "REJECTED"),
    # The approved version stays as it is; a new one begins.
    "APPROVED": ("DRAFT",),
    "REJECTED": ("DRAFT",),
}
"""From each state, where its workflow leads (S1)."""


class Judged(StrEnum):
    """Which version of a design must be in the required state."""

    LATEST = "latest"
    """The latest: whoever begins a new version stops the old one."""
    ANY = "any"
    """Any: an approved version goes on while a new one is drafted, as flows that were published with it do."""


class DesignSettings(ConnectorSettings):
    """The Design service: which designs there are, what feeds them, and who approved them."""

    url: Url
    """Address of the service with its context path and version, such as
    `https://exstream.acme.test/design/api/v1`."""
    domain: Line | None = None
    """Domain of the designs; left out: the one of `orchestration`."""
    require_state: State | None = None
    """State in which a design must be for anything to be composed with it, such as `APPROVED`; left out: any."""
    require_state_of: Judged = Judged.LATEST
    """Whose state counts: `latest` for the latest version's, or `any` where one version in that state is enough."""
    cache: Duration = timedelta(minutes=10)
    """How long states and data sources are taken as they were read. That a design is not in the required state is
    never kept: it is read again for the next order."""
    lock: bool = False
    """Whether a design is locked for editing when its state is moved."""
    moves: Mapping[State, tuple[State, ...]] = MOVES
    """From each state, the states that its workflow leads to."""
    communication_types: tuple[ResourceType, ...] = ("exstrapplication",)
    """Types of the resources that are communications."""
    set_types: tuple[ResourceType, ...] = ("exstrcommunicationset",)
    """Types of the resources whose manifest names the data sources."""
    data_source_types: tuple[Line, ...] = ()
    """Types of the manifest's data sources that take drivers; their words are unpublished. Empty: every type."""
    link_depth: Annotated[int, Field(ge=1, le=20)] = 2
    """How far links are followed from a communication to its set; the SDK says that 2 is always enough."""
    page_size: Annotated[int, Field(ge=1, le=1000)] = 100
    """Resources that are asked for at a time."""
    most_pages: Annotated[int, Field(ge=1, le=10_000)] = 200
    """The most pages that are read of one list."""
    domains_path: PathTemplate = "/domains"
    """Where the domains are listed."""
    resources_path: PathTemplate = "/resources/{domain}"
    """Where resources are listed."""
    links_path: PathTemplate = "/links/{domain}"
    """Where links are followed."""
    manifest_path: PathTemplate = "/manifests/{domain}/communication-set/{set}"
    """Where the manifest of a communication set lies."""
    state_path: PathTemplate = "/resources/{domain}/{design}/state"
    """Where a design's state is moved."""
    version_path: PathTemplate = "/version"
    """Where the service tells its version."""
