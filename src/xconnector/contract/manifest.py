"""What a connector declares about itself, cheap to import."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Generic, TypeVar

from xconnector.contract.archive import Archive
from xconnector.contract.channel import Channel
from xconnector.contract.composer import Composer
from xconnector.contract.settings import ConnectorSettings
from xconnector.contract.source import RunSource

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
class DesignFile:
    """A composer that keeps designs of its own is told in each template's folder which of them is meant."""

    name: str
    """Of the file in the template's folder, such as `exstream.yaml`."""
    shape: type[ConnectorSettings]


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
    composer: Callable[[S, Surroundings], Composer] | None = None
    design_file: DesignFile | None = None
    """Of a composer that keeps designs of its own; one without fills the project's templates."""
    archive: Callable[[S, Surroundings], Archive] | None = None
    run_source: Callable[[S, Surroundings], RunSource] | None = None
    call_timeout: timedelta = timedelta(seconds=30)
    """How long one call may take where the project's `limits.timeout` says nothing."""
