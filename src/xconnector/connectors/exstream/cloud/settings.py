"""What a connection to a cloud-native Exstream needs to know.

The sections of single services lie in `<service>_settings.py`, which import neither this file nor the client.
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import ByteSize, Field

from xconnector.connectors.exstream.cloud.batch_settings import BatchSettings
from xconnector.connectors.exstream.cloud.design_settings import DesignSettings
from xconnector.connectors.exstream.cloud.empower_settings import EmpowerSettings
from xconnector.connectors.exstream.cloud.probe_settings import ProbeSettings
from xconnector.connectors.exstream.cloud.sign_in_settings import Csrf, SignInSettings
from xconnector.connectors.exstream.cloud.tracking_settings import TrackingSettings
from xconnector.connectors.exstream.ticket_settings import HeaderName, Line, PathTemplate, Url
from xconnector.contract.settings import ConnectorSettings, Duration

_MIB = 1024 * 1024


class OnDemand(ConnectorSettings):
    """Composing while we wait."""

    parallel: Annotated[int, Field(ge=1, le=200)] = 4
    """Requests at a time in one process. The service queues silently what its engines cannot take
    (`MAX_CONCURRENT_ENGINE_PROCESSES`), so keep all processes together below that."""
    timeout: Duration = timedelta(minutes=10)
    """How long to wait for one document: waiting in the service's queue counts."""
    largest_answer: ByteSize = ByteSize(64 * _MIB)
    """The most that one answer may hold; its documents come in base64."""
    raw_letters: bool = False
    """Whether orders for nothing but a letter ask for the PDF itself (`Accept: application/pdf`) instead of the list
    of all outputs."""
    channel_accept: Line | None = None
    """What named channels are asked for (`Accept`), such as `application/pdf`; left out, nothing is said. Which answers
    they give is not documented: a list of outputs as `generate` gives it is taken, and a PDF, which is the letter."""
    empower_user: Line | None = None
    """System account under which drafts are kept in Empower; OAuth clients end in `@OAuthClients`."""
    variables: Mapping[HeaderName, Line] = {}
    """Headers that go along with every order, such as `exstream-variable`; their syntax is unpublished."""


class Orchestration(ConnectorSettings):
    """The Orchestration service."""

    url: Url
    """Address of the service with its context path and version, such as
    `https://exstream.acme.test/orchestration/api/v1`."""
    domain: Line
    """Domain whose designs and channels are used."""
    on_demand: OnDemand = OnDemand()
    """Composing while we wait."""
    generate_path: PathTemplate = "/inputs/ondemand/{domain}/generate"
    """Where one communication is generated, as the SDK does it."""
    channel_path: PathTemplate = "/inputs/ondemand/{domain}/{channel}"
    """Where a named on-demand channel listens, as seen in clients."""
    fulfill_path: PathTemplate = "/inputs/fulfillment/ondemand/{domain}/fulfill"
    """Where edited documents are fulfilled, as the SDK does it."""
    batch_path: PathTemplate = "/inputs/batch/{domain}/{channel}"
    """Where a batch input listens, as seen in clients."""
    job_path: PathTemplate = "/runtime/{domain}/jobs/{job}"
    """Where a job's status is told, as seen in clients."""
    version_path: PathTemplate | None = "/version"
    """Where the service tells its version, as the SDK asks; null where it has none."""


class CloudSettings(ConnectorSettings):
    """An installation of Exstream's cloud-native services, and who signs in there."""

    sign_in: SignInSettings
    """How the connection proves who it is."""
    csrf: Csrf | None = None
    """The token against forged requests, for installations that enforce it."""
    orchestration: Orchestration
    """The Orchestration service."""
    design: DesignSettings | None = None
    """The Design service, where it is asked what feeds designs and who approved them."""
    empower: EmpowerSettings | None = None
    """Empower, where people edit documents before they are final."""
    batch: BatchSettings | None = None
    """Runs as batch jobs, for designs that name a `batch_channel`; left out: all is composed on demand."""
    tracking: TrackingSettings = TrackingSettings()
    """Tracking events that are sent to `/reports/{connection}`."""
    probe: ProbeSettings = ProbeSettings()
    """Where `xconnector connections probe` looks for descriptions of the services."""
    ca_file: Path | None = None
    """Certificates (PEM) that may sign those of the services, beside the usual ones; relative to the project."""
    connect_timeout: Duration = timedelta(seconds=10)
    """How long to wait for a connection."""
    timeout: Duration = timedelta(seconds=60)
    """How long to wait for answers that compose nothing."""
    trace_headers: tuple[HeaderName, ...] = ("x-request-id", "x-correlation-id", "x-b3-traceid", "traceparent")
    """Headers of answers in which the services name a request; what they say is kept with errors and in the ledger."""
