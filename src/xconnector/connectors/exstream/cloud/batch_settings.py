"""How runs are submitted to batch inputs, and where their outputs are found."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import ByteSize, Field, SecretStr, StringConstraints, model_validator

from xconnector.connectors.exstream.cloud.output_path import OutputPathTemplate
from xconnector.connectors.exstream.naming import Word
from xconnector.contract.settings import ConnectorSettings, Duration

_MIB = 1024 * 1024
_FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$")]


class Outputs(ConnectorSettings):
    """Where batch jobs write: the file system of the engines mounted here, or an object store."""

    mount: Path | None = None
    """Folder under which the engines' file system is mounted; relative to the project."""
    store: Annotated[str, Field(pattern=r"^(s3|gs|az|abfs|abfss)://[^\s?#]+$")] | None = None
    """Object store instead: `s3://bucket/prefix`, `gs://bucket/prefix` or `az://account/container/prefix`. Needs the
    extra `object-store`."""
    store_options: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], SecretStr] = {}
    """What the object store needs to know, such as `access_key_id`, `secret_access_key`, `region` or `endpoint`; left
    out, it takes what the machine's environment or role gives."""
    path: OutputPathTemplate = "{domain}/jobs/{job}/{flow}/docgen/{step}/output"
    """Where a flow's outputs lie below it, as seen in an installation [C]; `{step}` is searched for."""
    delivery_file: _FileName = "_STDDELIVERYFILE.xml"
    """Name of the standard delivery file, as seen [C]."""
    settled_after: Duration = timedelta(seconds=5)
    """How long a delivery file must have been left alone before it is read: engines write it while they run."""
    awaited_for: Duration = timedelta(hours=1)
    """How long after a job's end its delivery files are awaited, or after it was submitted where its end is not told,
    or in a word that `words` does not know; then the connection is told to be misconfigured."""
    largest_file: ByteSize = ByteSize(256 * _MIB)
    """The most that one output file may hold."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.mount is None) == (self.store is None):
            raise ValueError("give either mount or store: where batch jobs write")
        return self


class JobWords(ConnectorSettings):
    """The words in which Orchestration tells a job's status, without regard to case; others count as underway.

    Seen are only `started` and `complete` [C], and `canceled` in the help's pictures [D*]; the others are guesses [G].
    """

    complete: frozenset[Word] = frozenset({"complete", "completed", "success"})
    """It has ended well."""
    failed: frozenset[Word] = frozenset({"error", "failed", "failure"})
    """It has ended without success."""
    canceled: frozenset[Word] = frozenset({"canceled", "cancelled", "aborted"})
    """Somebody has stopped it."""
    underway: frozenset[Word] = frozenset({"started", "running", "queued", "pending", "paused", "suspended"})
    """It is at work, or will be."""

    @model_validator(mode="after")
    def _apart(self) -> Self:
        words = [
            word.casefold() for group in (self.complete, self.failed, self.canceled, self.underway) for word in group
        ]
        if len(words) != len(set(words)):
            raise ValueError("one word cannot mean two things")
        return self


class BatchSettings(ConnectorSettings):
    """Runs as batch jobs: submitted to the design's `batch_channel`, and read from where the engines write."""

    outputs: Outputs
    """Where the outputs are found."""
    orders: Annotated[int, Field(ge=1, le=10_000_000)] = 1_000_000
    """The most customers in one job."""
    single_orders: bool = False
    """Whether single orders are submitted as well, rather than composed on demand."""
    timeout: Duration = timedelta(minutes=5)
    """How long Orchestration may take for each piece of the driver, and for its answer: the job's id."""
    look_every: Duration = timedelta(seconds=10)
    """How often to look what became of a job; one of few customers took 5.4 s [C]."""
    follow: Literal["job", "files"] = "job"
    """`job` asks Orchestration for the job's status before its outputs are looked for; `files` looks for whole delivery
    files alone, where the status cannot be asked."""
    words: JobWords = JobWords()
    """What Orchestration's status words mean."""
    flow_models: frozenset[Word] = frozenset()
    """Ids or names of the flow models whose outputs are awaited; left out, of all that the channel starts. It counts
    for what was submitted already, too."""
    flow_only_composes: bool = False
    """Whether the flows behind the channels do nothing but compose, so that a job that began twice harms nobody. A
    submission whose answer was lost then begins anew when its job is not found."""
    look_for_lost: bool = True
    """Whether a submission whose answer was lost is looked for among the outputs, by the keys of its customers."""
    found_within: Duration = timedelta(hours=1)
    """How long after its driver was sent a lost job is looked for before it counts as not begun; with
    `flow_only_composes` only."""
    clocks_apart: Duration = timedelta(seconds=5)
    """How far the clocks of Orchestration and of the engines' file system may be behind ours: older jobs and outputs
    are no lost submission's."""
    first_page_key: Word = "StartPageCustomer"
    """Key in the delivery file that tells a customer's first page in a file of several customers, as seen [C]."""
    page_count_key: Word = "TotalPagesInDocument"
    """Key that tells how many pages are the customer's, as seen [C]."""
    check_sizes: bool = True
    """Whether an output file must have the size that the delivery file tells (`fileSize`)."""
