"""What a connection to Engine Web Services needs to know."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import ByteSize, Field, SecretStr, StringConstraints, field_validator, model_validator

from xconnector.connectors.exstream.messages import MessageEncoding
from xconnector.connectors.exstream.naming import Word
from xconnector.contract.settings import ConnectorSettings, Duration

KIB, MIB = 1024, 1024 * 1024
OF_COMMUNICATION = "{id}"
"""Stands for the communication's id in the name of a file."""

_Address = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")]
_OptionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,99}$")]
_OneLine = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00-\x1f\x7f]*$")]
_ElementPath = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}(/[A-Za-z_][A-Za-z0-9_.-]{0,99})?$")
]
_MessageId = Annotated[str, StringConstraints(pattern=r"^EX[0-9]{6}[IWES]$")]
_MediaType = Literal["application/pdf", "text/html", "message/rfc822", "text/plain"]


class Meaning(StrEnum):
    """What a failure that the service tells in its own words means for us."""

    TRANSIENT = "transient"
    """It may work later."""
    PERMANENT = "permanent"
    """It will fail again with the same input."""
    MISCONFIGURED = "misconfigured"
    """Settings or credentials are wrong: the connection pauses."""


class UserToken(ConnectorSettings):
    """A WS-Security UsernameToken with the password as text, as callers were seen to send it [C]."""

    user: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
    """Name of the account."""
    password: SecretStr
    """Its password. It travels as text: let `url` be https."""
    stamped: bool = False
    """Whether every request bears a new nonce and its time, for services that refuse a repeated request."""

    @field_validator("password")
    @classmethod
    def _writable(cls, password: SecretStr) -> SecretStr:
        if not password.get_secret_value().isprintable():
            raise ValueError("a password that is sent in XML has no control characters")
        return password


class OutputFile(ConnectorSettings):
    """Where the engine writes what it makes, instead of giving it back."""

    directory: _OneLine = ""
    """Folder, as the engine's machine names it; left out, the engine decides."""
    name: _OneLine = ""
    """Name of the file. `{id}` stands for the communication's id: without it, calls at the same time may overwrite
    each other, and `output_folder` asks for other names that are each communication's own."""

    @property
    def is_of_one_call(self) -> bool:
        """Whether no other communication has a file of this name."""
        return OF_COMMUNICATION in self.name


class OutputFolder(ConnectorSettings):
    """A folder in which the engine leaves files of which the answer gives only the name [C]."""

    mounted: Path
    """The folder as this machine sees it; relative to the project."""
    on_server: _OneLine = ""
    """The same folder as the engine's machine names it, such as `D:\\exstream\\out`; taken off the front of the names
    that come. Left out, a file is looked for by its name alone."""


class EngineServiceSettings(ConnectorSettings):
    """Where Engine Web Services are, how they are asked, and how their answers are understood."""

    url: _Address
    """Address of the service, such as `https://engine.aurora.test:8443/EngineService/EngineService` [C]; the path
    differs between installations."""
    wsdl: Annotated[str, Field(pattern=r"^https?://[^\s/#@]+(/[^\s#]*)?$")] | None = None
    """Address of its WSDL; left out: `url` with `?wsdl` behind it [C]."""
    service: Word = "EngineService"
    """Name of the service in the WSDL [C]."""
    port: Word = "EngineServicePort"
    """Name of its port in the WSDL [C]."""
    namespace: Word = "urn:hpexstream-services/Engine"
    """Namespace of the operation [C]; what stands inside the request has none."""
    soap_action: _OneLine = ""
    """The header `SOAPAction`, without quotes; empty, as seen [C]."""
    token: UserToken | None = None
    """The account that is sent with every request; left out, none is."""
    ca_file: Path | None = None
    """Certificates (PEM) that may sign that of the service, beside the usual ones; relative to the project."""
    mtom: bool = False
    """Whether the driver travels as it is, beside the envelope (MTOM/XOP), rather than as base64 in it. Answers may
    come either way."""

    driver_name: Word = "INPUT"
    """Symbolic name under which the packages know the driver file; `INPUT` is a sample's [C]."""
    driver_encoding: _OneLine = ""
    """How the driver file is written, in the service's words (`driverEncoding`, values unpublished [G]); left out,
    nothing is said."""
    engine_options: Mapping[_OptionName, _OneLine] = {"RUNMODE": "PRODUCTION"}
    """Switches of the engine, without the dash, such as `STDDELIVERYFILE` or `MESSAGELEVEL`; `RUNMODE` is a sample's
    [C]."""
    run_date: bool = True
    """Whether the engine is told each document's date (`RUNDATE`), so that the same order gives the same document
    whenever it is composed."""
    file_return_regex: _OneLine = ".*"
    """Regular expression of the files that are to come back; a sample asked for `.*.(pdf)` only [C]."""
    output_file: OutputFile | None = None
    """Where the engine writes instead of giving back; left out, it gives back."""
    package_element: _ElementPath = "pubFile"
    """The element that names a package: `pubFile`, `pubFiles`, or one in the other such as `pubFiles/pubFile`. What
    `pubFiles` holds is unpublished [G]."""
    further_packages: tuple[Word, ...] = ()
    """Packages that every request names behind the design's own."""

    message_encoding: MessageEncoding = "ISO88591"
    """How the engine's messages are written; ISO88591 is a sample's [C], UTF16 the engine's own default (S2)."""
    failed_from: Annotated[int, Field(ge=1, le=255)] = 8
    """From which return code on nothing is taken. 12 is a failure wherever it was seen [C]; 8 is said to be an error
    [R], and in a call for one customer it is about that customer's document."""
    failed_words: tuple[Annotated[str, StringConstraints(min_length=1, max_length=200)], ...] = ("12", "Error")
    """What a `statusMessage` holds that tells of a failure, where no file bears a return code [C]. A number counts
    where it stands alone; capitals do not matter."""
    fault_words: Mapping[Annotated[str, StringConstraints(min_length=1, max_length=200)], Meaning] = {
        "license key": Meaning.MISCONFIGURED,
        "license expired": Meaning.MISCONFIGURED,
        "authentication failed": Meaning.MISCONFIGURED,
        "not authorized": Meaning.MISCONFIGURED,
        "timed out": Meaning.TRANSIENT,
        "server is busy": Meaning.TRANSIENT,
        "out of memory": Meaning.TRANSIENT,
    }
    """What a fault holds and what that means; the first that is found counts, capitals do not matter. The words of
    faults are unpublished [G]."""
    engine_fault: Meaning = Meaning.PERMANENT
    """What an `EngineServiceException` without such words means [G]."""
    message_meanings: Mapping[_MessageId, Meaning] = {}
    """What a failure with this engine message means, by its id, such as `EX001234S: misconfigured`; left out: that the
    order fails for good."""
    pdl: Mapping[int, _MediaType] = {4: "application/pdf"}
    """What the numbers in `PDL` of a file's header mean; 4 was seen [C]. Elsewhere the file's extension counts."""

    orders_per_call: Annotated[int, Field(ge=1, le=10_000)] = 1
    """The most orders of one design that go into one call. More than one only for designs of which every output has a
    `file` with `{key}`; one that fails is then composed again by itself, so that it fails alone."""
    parallel: Annotated[int, Field(ge=1, le=256)] = 4
    """The most calls at once, of each worker process."""
    timeout: Annotated[Duration, Field(ge=timedelta(milliseconds=100), le=timedelta(hours=6))] = timedelta(minutes=5)
    """The most time one call may take as a whole."""
    connect_timeout: Annotated[Duration, Field(ge=timedelta(milliseconds=100), le=timedelta(minutes=5))] = timedelta(
        seconds=10
    )
    """How long to wait until somebody answers at all."""
    largest_answer: Annotated[ByteSize, Field(ge=KIB, le=2 * KIB * MIB)] = ByteSize(64 * MIB)
    """The most bytes one answer or one file may have, such as `64MiB`."""
    output_folder: OutputFolder | None = None
    """Where files lie of which the answer gives only the name; left out, such an answer is a failure. So that nobody is
    given the file of another call, either `output_file.name` holds `{id}`, or every output of a design has a `file`
    with `{key}`, and `key.path` is `communication.id`; other designs are refused."""

    @model_validator(mode="after")
    def _one_order_per_named_file(self) -> Self:
        if self.orders_per_call > 1 and self.output_file is not None and self.output_file.name:
            raise ValueError("`output_file.name` names the file of one order: leave it out, or set orders_per_call: 1")
        return self

    @property
    def shares_names(self) -> bool:
        """Whether calls read from a folder in which they may name their files alike."""
        return self.output_folder is not None and not (self.output_file is not None and self.output_file.is_of_one_call)

    @property
    def wsdl_url(self) -> str:
        return self.wsdl or f"{self.url}?wsdl"
