"""What xConnector is told of one Exstream design: `templates/<name>/exstream.yaml`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator

from xconnector.connectors.exstream.driver.json_driver import JsonDriver
from xconnector.connectors.exstream.driver.key import BY_POSITION, Key
from xconnector.connectors.exstream.driver.layout import DriverLayout
from xconnector.connectors.exstream.driver.reading import Place, paths_read_by
from xconnector.connectors.exstream.naming import Word
from xconnector.contract.manifest import DesignFile, DesignUse, Misfit
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.document import RenditionKind

FILE = "exstream.yaml"

FilePattern = Annotated[
    str,
    StringConstraints(
        min_length=1,
        max_length=200,
        # A file whose name could be read in two ways could be given to the wrong customer.
        pattern=r"^([^\x00-\x1f\x7f/\\*{}]*\{key\}[^\x00-\x1f\x7f/\\*{}]*|[^\x00-\x1f\x7f/\\*{}]*(\*[^\x00-\x1f\x7f/\\*{}]*){0,3})$",
    ),
]
"""A file's name: with the customer's key, or with places for anything."""


class Service(ConnectorSettings):
    """A service of the Communications Server."""

    name: Word
    """Name under which it is published."""
    version: str = Field(default="1", max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
    """Version that is asked for; of an empty one, the Service Broker takes the highest that is registered."""


def _from_name(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


NamedService = Annotated[Service, BeforeValidator(_from_name, json_schema_input_type=str | Service)]
"""A service; its name alone does where the version is 1."""


class Output(ConnectorSettings):
    """Which output of the design becomes a rendition."""

    queue: Word
    """Name of the output queue."""
    media_type: Literal["application/pdf", "text/html", "message/rfc822", "text/plain"] | None = None
    """What the queue gives; left out: PDF for a letter, HTML for an e-mail, plain text for an SMS."""
    subject: Word | None = None
    """Of an e-mail whose HTML has no `<title>`."""
    service: NamedService | None = None
    """Service Broker: the service that gives this output, as each answers with one document; left out: the design's."""
    file: FilePattern | None = None
    """Engine Web Services: name of the file that holds it, without its folder, as they name no queues: either with
    `{key}` for the customer's key, or with up to three `*` for anything. Left out: the one file of its media type."""


class ExstreamDesign(ConnectorSettings):
    """One design of Exstream, as the connections of `exstream` and its relatives find and feed it."""

    communication: UUID | None = None
    """Cloud-native: id of the communication in the Design service."""
    data_source: Word | None = None
    """Cloud-native: productive name of its data source; left out: the Design service is asked."""
    on_demand_channel: Word | None = None
    """Cloud-native: a named on-demand channel; left out: `generate` with the communication's id."""
    batch_channel: Word | None = None
    """Cloud-native: the input channel that takes runs; left out: events and runs alike go on demand."""
    package: Word | None = None
    """Engine and Engine Web Services: the package file, such as `PolicyIssued.pub`."""
    service: NamedService | None = None
    """Communications Server: which service composes it; its name alone does where the version is 1."""
    driver: DriverLayout = Field(default_factory=JsonDriver)
    """How the customer driver file is laid out."""
    key: Key = Field(default=Key(), validate_default=True)
    """By what a customer's outputs are known again."""
    outputs: Mapping[RenditionKind, Output] = {RenditionKind.LETTER: Output(queue="letter")}
    """Which queue gives which rendition; outputs of other queues are left alone."""

    @field_validator("key")
    @classmethod
    def _exstream_is_told_the_key(cls, key: Key, known: ValidationInfo) -> Key:
        driver: DriverLayout | None = known.data.get("driver")
        if driver is not None and key.name != BY_POSITION and not driver.carries(key.path):
            raise ValueError(
                f"{key.path} is in no field of the driver as it stands, so Exstream could not tell whose an output is: "
                f"add it, or take another `path`, or write `name: {BY_POSITION}`"
            )
        return key

    @field_validator("outputs")
    @classmethod
    def _each_has_its_queue(cls, outputs: Mapping[RenditionKind, Output]) -> Mapping[RenditionKind, Output]:
        kinds: dict[str, RenditionKind] = {}
        for kind, output in outputs.items():
            if (other := kinds.setdefault(output.queue, kind)) is not kind:
                raise ValueError(
                    f"{other.value} and {kind.value} have the same queue {output.queue!r}, and could not be told apart"
                )
        return outputs


def _paths(design: ExstreamDesign) -> Iterator[tuple[Place, str]]:
    if design.key.name != BY_POSITION:
        yield ("key", "path"), design.key.path
    for place, path in paths_read_by(design.driver):
        yield ("driver", *place), path


def package_misfits(settings: object, design: ExstreamDesign, use: DesignUse) -> Iterable[Misfit]:
    """Return what keeps an engine from composing by the design."""
    del settings, use  # every engine needs it, for whatever comes
    if design.package is None:
        yield Misfit(place=(), message="it names no `package`", remedy="name its file, such as `PolicyIssued.pub`")


DESIGN_FILE = DesignFile(name=FILE, shape=ExstreamDesign, paths=_paths)
