"""What a connector declares about itself, cheap to import."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, TypeVar

from xconnector.contract.archive import Archive
from xconnector.contract.channel import Channel
from xconnector.contract.composer import Composer
from xconnector.contract.file_drop import FileDrop
from xconnector.contract.pull_source import PullSource
from xconnector.contract.recognition import Recognition
from xconnector.contract.reporting import ReportWebhook
from xconnector.contract.settings import ConnectorSettings
from xconnector.contract.source import RunSource
from xconnector.contract.stream_source import StreamSource
from xconnector.contract.webhook_source import WebhookSource
from xconnector.contract.write_back import WriteBackTarget
from xconnector.domain.routing.plan import Medium

S = TypeVar("S", bound=ConnectorSettings)


class Stability(StrEnum):
    """How far a connector can be relied on."""

    EXPERIMENTAL = "experimental"
    """Proven against a simulator only."""
    STABLE = "stable"
    """Proven against a real peer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a connector may know of the place it runs in."""

    project_folder: Path
    """Folder of the project: relative paths in settings start here."""
    state_folder: Path
    """A folder of its own in which it may keep working files."""
    designs: Mapping[str, ConnectorSettings] = field(default_factory=dict[str, ConnectorSettings], repr=False)
    """By template, what its design file says, in the shape that the manifest declares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """Something in a design file that does not fit the connection."""

    place: tuple[str | int, ...]
    """Keys and indexes that lead there, from the file's top."""
    message: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignUse:
    """What a project uses a design for."""

    comes_singly: bool
    """Whether there are single events, and not runs alone."""


def _nothing(*_: object) -> Iterable[Any]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignFile:
    """A composer that keeps designs of its own is told in each template's folder which of them is meant."""

    name: str
    """Of the file in the template's folder, such as `exstream.yaml`."""
    shape: type[ConnectorSettings]
    paths: Callable[[Any], Iterable[tuple[tuple[str | int, ...], str]]] = _nothing
    """Of a design, every path from the top of an order's data that it reads, behind the place where it says so."""
    misfits: Callable[[Any, Any, DesignUse], Iterable[Misfit]] = _nothing
    """Of the connection's settings, a design, and its use: what keeps the connection from composing by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest(Generic[S]):
    """A connector's name, settings and roles. `S` ties every role to its own settings."""

    name: str
    """A noun: the protocol or the product."""
    summary: str
    """One sentence."""
    settings: type[S]
    stability: Stability = Stability.EXPERIMENTAL
    channel: Callable[[S, Surroundings], Channel] | None = None
    medium: Medium | Callable[[S], Medium] | None = None
    """Of a channel: by which way it reaches people, or how its settings say so. Laws, consents and preferences speak of
    it."""
    composer: Callable[[S, Surroundings], Composer] | None = None
    design_file: DesignFile | None = None
    """Of a composer that keeps designs of its own; one without fills the project's templates."""
    archive: Callable[[S, Surroundings], Archive] | None = None
    run_source: Callable[[S, Surroundings], RunSource] | None = None
    stream_source: Callable[[S, Surroundings], StreamSource] | None = None
    file_drop: Callable[[S, Surroundings], FileDrop] | None = None
    pull_source: Callable[[S, Surroundings], PullSource] | None = None
    webhook_source: Callable[[S, Surroundings], WebhookSource] | None = None
    report_webhook: Callable[[S, Surroundings], ReportWebhook] | None = None
    """Of a provider that calls us with news of what was handed over."""
    write_back: Callable[[S, Surroundings], WriteBackTarget] | None = None
    """Of a source system that is told what became of its communications."""
    recognition: Recognition | None = None
    """Of a source of runs: how it knows its files."""
    call_timeout: timedelta = timedelta(seconds=30)
    """How long one call may take where the project's `limits.timeout` says nothing."""
    retry_waits: tuple[timedelta, ...] = ()
    """Of a channel whose protocol says when to try again: what `limits.waits` is where the project says nothing."""

    final_report_after: timedelta | None = None
    """Of a channel that reports for good on every hand-over, delivered or not, where it reports at all: after how long
    that is missed, and asked for where it can be asked. None where nothing is promised."""
    acknowledged_after: timedelta | None = None
    """Of a channel that can be asked and promises an acknowledgement alone: after how long that is missed."""

    def __post_init__(self) -> None:
        """Raises ValueError for a channel without a medium: nobody could say which consent it needs."""
        if (self.channel is None) is not (self.medium is None):
            raise ValueError(
                f"connector {self.name}: a channel, and nothing else, says by which medium it reaches people"
            )

    def medium_of(self, settings: S) -> Medium | None:
        """Return by which way a connection with these settings reaches people; None where it is no channel."""
        return self.medium(settings) if callable(self.medium) else self.medium
