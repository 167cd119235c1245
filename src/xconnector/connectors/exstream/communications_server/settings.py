"""What a connection to a Communications Server (StreamServe) needs to know: by which of its doors, and how.

Sources: the Service Gateway as seen in a public client (S4, `[C]`), the Service Broker and the Directory input as the
help of StreamServe 5.6 describes them (`[D]`); what none of them tells is a setting.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, ByteSize, Field, StringConstraints

from xconnector.connectors.exstream.communications_server.file_names import CustomerPath, InputName, SubmissionPath
from xconnector.connectors.exstream.naming import Word
from xconnector.connectors.exstream.ticket_settings import Line, PathTemplate, TicketSignIn, Url
from xconnector.contract.settings import ConnectorSettings, Duration
from xconnector.domain.record_path import parse_path

_MIB = 1024 * 1024


def _names_a_queue(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groupindex
    except re.error:
        raise ValueError("is no regular expression") from None
    if "queue" not in groups:
        raise ValueError("needs a group (?P<queue>…), which says where the queue's name stands")
    return pattern


def _path(text: str) -> str:
    return parse_path(text).text


QueuePattern = Annotated[str, StringConstraints(max_length=500), AfterValidator(_names_a_queue)]
"""A regular expression that finds the queue's name in what names an output."""
DataPath = Annotated[str, AfterValidator(_path)]
"""A path into the data of a communication."""


class BodyForm(StrEnum):
    """How a driver is wrapped for the Service Gateway; both forms are seen in public clients."""

    PLAIN = "plain"
    """`{"contentType": …, "data": …}`."""
    CONTENT = "content"
    """`{"content": {"contentType": …, "data": …, "async": …}, …}`, with free keys beside."""


class NamedBy(StrEnum):
    """What tells the outputs of the Service Gateway apart."""

    FILE_NAME = "file_name"
    """The file name in its `Content-Disposition`."""
    CONTENT_TYPE = "content_type"
    """Its media type."""


class ResultNames(ConnectorSettings):
    """How an output in the Service Gateway's answer says which queue of the design it is."""

    by: NamedBy = NamedBy.FILE_NAME
    """`file_name`, which is that of `Content-Disposition`, or `content_type`."""
    pattern: QueuePattern = r"(?P<queue>[^.]+)"
    """Regular expression that the beginning of the name or type must match; its group `queue` is what the design calls
    the queue. As it is, `letter.pdf` comes from queue `letter`; for `content_type`, give `(?P<queue>.+)`."""


class AskedService(ConnectorSettings):
    """What the services have that are asked over HTTP and answer with the documents."""

    parallel: Annotated[int, Field(ge=1, le=200)] = 4
    """Requests at a time in one process; a StreamServer works off as many as it is given threads."""
    timeout: Duration = timedelta(minutes=2)
    """How long to wait for one answer."""
    largest_answer: ByteSize = ByteSize(64 * _MIB)
    """The most that one answer may hold; its documents come in base64."""
    ca_file: Path | None = None
    """Certificates (PEM) that may sign the server's, beside the usual ones; relative to the project."""


class GatewayService(AskedService):
    """The Service Gateway, asked over REST."""

    kind: Literal["gateway"]
    """The Service Gateway."""
    url: Url
    """Address of the gateway, such as `https://sgw.acme.test`."""
    tenant: Line
    """Tenant, which stands in the path."""
    path: PathTemplate = "/{tenant}/sgw/v1/communications"
    """Where communications are asked for, as seen in clients; name and version of the service follow as query."""
    sign_in: TicketSignIn
    """Who asks, by a ticket of OTDS."""
    body: BodyForm = BodyForm.PLAIN
    """How the driver is wrapped: `plain` or `content`, see there."""
    content_type: Line | None = None
    """What the driver is called in the body; left out: its own media type. Seen in clients is `text/xml`."""
    asynchronous: Literal["true", "false"] | None = "true"
    """What `async` says in a body of the form `content`. The client that was seen says `true` and has its documents in
    the answer all the same; null leaves it out."""
    keys: Mapping[Word, str] = {}
    """Free keys that stand beside `content`, with what they say."""
    keys_from_data: Mapping[Word, DataPath] = {}
    """Free keys that stand beside `content`, with where in the communication's data their text is."""
    results: ResultNames = ResultNames()
    """How an output says which queue of the design it is."""


class BrokerService(AskedService):
    """The Service Broker, asked over SOAP for what its service answers with (`SendReceiveDocument`)."""

    kind: Literal["broker"]
    """The Service Broker."""
    url: Url
    """Address of the Service Broker, path and all, such as `http://broker.acme.test:1717/ServiceBroker`; a real one is
    told by `soap:address` in its WSDL."""
    namespace: Line
    """Namespace of its calls, as `servicebroker.wsdl` of the installation says it; published nowhere."""
    operation: Line = "SendReceiveDocument"
    """Name of the call."""
    soap_action: str = Field(default="SendReceiveDocument", max_length=500, pattern=r"^[!#-~]*$")
    """What the header `SOAPAction` says. The help speaks of the action by the call's name; see the WSDL."""
    encoded: bool = True
    """Whether parameters say their type, as the style `encoded` does: the help declares `DocData` as
    `soap-enc:base64`."""
    qualified: bool = False
    """Whether the names of parameters stand in the namespace; in the style `rpc` they do not."""
    server_id: str = Field(default="", max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
    """Which StreamServer is to compose; empty lets the Service Broker choose."""
    result: Line | None = None
    """Name of the element that holds the document in the answer; left out: the only one with text in it."""


class DirectoryResultsInDeliveryFile(ConnectorSettings):
    """Results that a standard delivery file lists (engine switch `STDDELIVERYFILE`)."""

    kind: Literal["delivery_file"]
    """A standard delivery file and what it lists."""
    folder: Path
    """Where results appear; a relative path starts at the project."""
    name: SubmissionPath = "{submission}/_STDDELIVERYFILE.xml"
    """Where the delivery file lies below the folder. The files that it lists lie below the same place."""


class DirectoryResultsInFiles(ConnectorSettings):
    """Results as single files whose names say whose they are."""

    kind: Literal["files"]
    """Single files."""
    folder: Path
    """Where results appear; a relative path starts at the project."""
    name: CustomerPath = "{submission}/{key}.{queue}.{suffix}"
    """What they are called below the folder: `{key}` stands for the customer's key, `{queue}` for the queue, and
    `{suffix}` for `pdf`, `html`, `eml`, or `txt`."""
    queue: Word = "letter"
    """Queue of files whose name has no `{queue}`."""
    trigger: SubmissionPath | None = None
    """Name of a file that appears when all others are there, such as `{submission}/done`; left out: the results are
    whole when they name every customer, or `made_within` has passed, and none of them has changed for the time of
    `settled_after`."""
    settled_after: Duration = timedelta(seconds=60)
    """How long no result may have changed before all of them count as whole."""


class DirectoryService(ConnectorSettings):
    """A folder that a Directory input takes files from, or a directory channel of a cloud-native Exstream."""

    kind: Literal["directory"]
    """A folder."""
    folder: Path
    """The folder that is scanned. A relative path starts at the project and is made when missing; an absolute one must
    exist, so that nothing is written below an unmounted share."""
    name: InputName = "{submission}.in"
    """What files are called there, so that the channel's name pattern fits, such as `policies_{submission}.xml`."""
    workplace: str = Field(default=".xconnector", pattern=r"^[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*$")
    """Folder inside it in which files are written before they are renamed, and where it is kept which ones were handed
    over. Folders below the scanned one are not scanned."""
    permissions: str = Field(default="0660", pattern=r"^0?[0-7]{3}$")
    """Of the files, in octal: the server must be able to read them, perhaps as another user of the same group."""
    results: Annotated[DirectoryResultsInDeliveryFile | DirectoryResultsInFiles, Field(discriminator="kind")]
    """Where results appear, and when they are whole."""
    taken_within: Duration = timedelta(minutes=10)
    """After this time a file that still lies there is reported: nobody takes files of that name."""
    made_within: Duration = timedelta(hours=4)
    """After this time a file that was taken and whose results are not whole is reported."""
    look_every: Duration = timedelta(seconds=5)
    """How long to wait between two looks."""
    orders_per_file: Annotated[int, Field(ge=1, le=1_000_000)] = 500
    """The most customers that go into one file."""
    largest_output: ByteSize = ByteSize(64 * _MIB)
    """The most that one document may hold."""
    remember: Duration = timedelta(days=90)
    """How long it is kept which files were handed over."""


class CommunicationsServerSettings(ConnectorSettings):
    """A Communications Server, by one of its doors."""

    service: Annotated[GatewayService | BrokerService | DirectoryService, Field(discriminator="kind")]
    """Which door: `gateway`, `broker`, or `directory`."""
