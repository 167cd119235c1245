"""What a connection to the engine on the command line needs to know."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ByteSize, Field, SecretStr, StringConstraints, model_validator

from xconnector.connectors.exstream.engine.control_file import ControlFileEncoding, extra_line
from xconnector.connectors.exstream.engine.run_summary import DEFAULT_LAYOUT, checked_layout
from xconnector.connectors.exstream.messages import MessageEncoding
from xconnector.connectors.exstream.naming import Word
from xconnector.contract.settings import ConnectorSettings, Duration

_OneLine = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Symbol = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f,=]+$")]
_EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


def _checked_extra(spelled: str) -> str:
    extra_line(spelled)
    return spelled


def _checked_key(key: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[!-~]+( [!-~]+)*", key.get_secret_value()):
        raise ValueError("a key is made of visible ASCII characters on one line")
    return key


class Variable(ConnectorSettings):
    """A variable of the designs that is set for every run (`VARSET`)."""

    value: Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00-\x1f\x7f,]*$")]
    """Its value, without commas: the engine reads what follows one as another argument."""
    when: Literal["PREINIT", "POSTINIT", "CUSTOMER"] | None = None
    """When it is set; left out, the engine decides."""


class ReturnCodes(ConnectorSettings):
    """From which return code on a run ended how: 12 is a failure wherever it was seen [C], 4 and 8 are hearsay [R]."""

    warning: Annotated[int, Field(ge=1, le=255)] = 4
    """From here on it ended with warnings, and what it made is taken."""
    error: Annotated[int, Field(ge=1, le=255)] = 8
    """From here on it ended with errors of single customers, and what it made is taken."""
    failed: Annotated[int, Field(ge=1, le=255)] = 12
    """From here on the run failed as a whole, and nothing of it is taken."""

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if not self.warning <= self.error <= self.failed:
            raise ValueError("return codes rise from `warning` over `error` to `failed`")
        return self


class EngineSettings(ConnectorSettings):
    """Where the engine is, what it composes from, and how it is told."""

    program: Annotated[tuple[_OneLine, ...], Field(min_length=1)]
    """The engine and arguments that go before ours, such as `[/opt/exstream/Engine]`; started as it stands, without a
    shell. The name of the program differs between versions and systems (`Engine_DBCS.exe` was seen, [C])."""
    environment: Mapping[_EnvironmentName, SecretStr] = {}
    """Variables that the engine finds, such as `LD_LIBRARY_PATH`. Of ours it finds none but `PATH` and time zone."""
    packages: Path
    """Folder of the package files that designs name (`-PACKAGEFILE`); relative to the project."""
    driver_name: _Symbol = "INPUT"
    """Symbolic name under which the packages know the customer driver file (`-FILEMAP`); `INPUT` is a sample's [C]."""
    reference_files: Mapping[_Symbol, Path] = {}
    """Further files that the packages read, by their symbolic names (`-FILEMAP`); relative to the project."""
    run_mode: Literal["PRODUCTION", "LOCAL"] = "PRODUCTION"
    """The engine's `-RUNMODE`."""
    run: Literal["COMPOSE", "CONTENT", "DATA", "INSERTER", "SELECT", "RESOURCES"] | None = None
    """The engine's `-RUN`; left out, the engine decides."""
    run_date: bool = True
    """Whether the engine is told each document's date (`-RUNDATE`), so that the same order gives the same document
    whenever it is composed. Orders of different dates are then composed by runs of their own."""
    variables: Mapping[_Symbol, Variable] = {}
    """Variables of the designs that are set for every run (`-VARSET`)."""
    key: Annotated[SecretStr, AfterValidator(_checked_key)] | None = None
    """The licence's key (`-KEY`). It stands in a control file that only our user may read, and only while the engine
    runs."""
    key_file: Path | None = None
    """File with the licence's key (`-KEYFILE`); relative to the project."""
    track_in: Literal["DISABLE"] | None = None
    """Switches the reading of campaign tracking off (`-TRACKIN`); left out, the engine decides."""
    track_out: Literal["NONE"] | None = None
    """Switches the writing of campaign tracking off (`-TRACKOUT`); left out, the engine decides."""
    stop_error: Literal["SEVERE", "ERROR", "WARNING"] | None = None
    """From which severity on the engine stops the run (`-STOPERROR`); left out, the engine decides: SEVERE (S2)."""
    report: Literal["CUSTOMER", "DETAIL", "NONE", "SUMMARY"] | None = None
    """What the engine's report holds (`-REPORT`); left out, the engine decides."""
    message_level: Literal["INFO", "WARNING", "ERROR"] | None = None
    """From which severity on messages are written (`-MESSAGELEVEL`); left out, the engine decides."""
    message_encoding: MessageEncoding = "UTF16"
    """How the message file is written (`-MSGENCODE`); UTF16 is the engine's default (S2)."""
    timestamp_messages: bool = False
    """Whether messages bear the time (`-TIMESTAMP_MESSAGES`)."""
    tell_engine_messages: bool = False
    """Whether failures tell the engine's own words beside the ids of its messages. They may quote customers: names,
    account numbers, whatever a designer wrote into them; and failures stand in logs and lists."""
    extra_switches: tuple[Annotated[str, AfterValidator(_checked_extra)], ...] = ()
    """Further switches, each as `NAME=value` or `NAME`, such as `MSG=3004,E,3`; not those that other settings and the
    connection itself set. `MSG=3004,E,3,10` has customers with message 3004 skipped, instead of one of them stopping
    the whole run (S2, [D*])."""
    control_file_encoding: ControlFileEncoding = "ISO88592"
    """How the control file is written (`-CONTROLFILEENCODING`); ISO88592 is the engine's default (S2)."""
    return_codes: ReturnCodes = ReturnCodes()
    """From which return code on a run ended how."""
    run_summary_layout: Annotated[str, StringConstraints(max_length=1000), AfterValidator(checked_layout)] = (
        DEFAULT_LAYOUT
    )
    """Regular expression that finds `customers`, `pages`, `errors` and `return_code` in the run summary's one line; its
    layout is not documented, and the default takes four numbers in this sequence [G]."""
    submits_runs: bool = True
    """Whether the communications of runs are composed by engine runs of their own, which outlive our workers."""
    submits_events: bool = False
    """Whether those of single events are, too, rather than composed while we wait."""
    orders_per_submission: Annotated[int, Field(ge=1, le=10_000_000)] = 1_000_000
    """The most communications of one such engine run."""
    customer_list_numbers: Literal["of_driver", "of_run"] = "of_driver"
    """How customers are numbered in the delivery file when only some of a driver are composed (`-CUSTOMERLIST`): by
    their place in the driver, or counted anew. Matters to designs whose results come by `number`; unpublished [G]."""
    longest_customer_list: Annotated[int, Field(ge=0, le=100_000)] = 4000
    """The longest `-CUSTOMERLIST`, in characters; above it, and always with 0, failed customers are composed again from
    a driver of their own. The engine's own limit is unpublished [G]."""
    work_folder: Path | None = None
    """Folder for drivers and outputs, which must be there, relative to the project; left out: one of this machine.
    Workers on several hosts need one that they share, with working locks (NFS 4, or 3 with its lock service)."""
    keep_for: Duration = timedelta(days=7)
    """How long the folder of an engine run is kept. It holds customers' data, open to our user only."""
    longest_run: Duration = timedelta(hours=12)
    """The most time an engine run may take that nobody waits for; then it is ended."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """How often an engine run is begun that ends without a return code: killed, or lost with its machine."""
    look_again_after: Annotated[Duration, Field(ge=timedelta(milliseconds=100))] = timedelta(seconds=10)
    """How long to wait between two looks whether an engine run has ended."""
    largest_output: ByteSize = ByteSize(256 * 1024 * 1024)
    """The largest file that is taken from the engine, such as `256MiB`."""
    first_page_key: Word = "StartPageCustomer"
    """Key in the delivery file that tells a customer's first page in a file of several customers, as seen [C]."""
    page_count_key: Word = "TotalPagesInDocument"
    """Key that tells how many pages are the customer's, as seen [C]."""
    check_sizes: bool = True
    """Whether an output file must have the size that the delivery file tells (`fileSize`)."""
