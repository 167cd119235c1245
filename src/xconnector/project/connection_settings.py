"""Connections of a project: their connectors, proven settings, and what each can do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from xconnector.contract.channel import Channel
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.registry import UnknownConnectorError, connector_names, manifest
from xconnector.contract.settings import ConnectorSettings
from xconnector.contract.webhook_source import WebhookSource
from xconnector.domain.document import RenditionKind
from xconnector.domain.strict_json import Json
from xconnector.project.findings import Finding, named_like
from xconnector.project.shape import Shaped, shape
from xconnector.project.yaml_file import YamlFile

CONNECTIONS = "connections"
_OURS = ("connector", "limits", "further_providers")
"""Keys of a connection that no connector sees."""


class Role(StrEnum):
    """What a connection is asked to do."""

    CHANNEL = "channel"
    COMPOSER = "composer"
    ARCHIVE = "archive"
    RUN_SOURCE = "run_source"
    STREAM_SOURCE = "stream_source"
    FILE_DROP = "file_drop"
    PULL_SOURCE = "pull_source"
    WEBHOOK_SOURCE = "webhook_source"
    REPORT_WEBHOOK = "report_webhook"
    WRITE_BACK = "write_back"


SOURCES = (Role.RUN_SOURCE, Role.STREAM_SOURCE, Role.PULL_SOURCE, Role.WEBHOOK_SOURCE)
"""The roles from which records come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownConnection:
    """A connection as far as it could be understood."""

    name: str
    manifest: "Manifest[Any] | None"
    """None where the connector is unknown; that is reported already."""
    settings: ConnectorSettings | None = field(repr=False)
    """None where they are wrong; that is reported already."""
    surroundings: Surroundings

    def may(self, role: Role) -> bool:
        """Say whether it has a role, or might: what is unknown is complained of only once."""
        return self.manifest is None or getattr(self.manifest, role) is not None

    def takes(self) -> frozenset[RenditionKind]:
        """Return the renditions without which its channel cannot send.

        Raises ConnectorError or ImportError where it cannot be made of its settings.
        """
        if self.manifest is None or self.settings is None or self.manifest.channel is None:
            return frozenset()
        channel: Channel = self.manifest.channel(self.settings, self.surroundings)
        return channel.takes

    def tells_type(self) -> bool:
        """Say whether each of its records says which type of event it is, or might: feeds are told apart by it.

        Raises ConnectorError or ImportError where it cannot be made of its settings.
        """
        if self.manifest is None or self.settings is None or self.manifest.webhook_source is None:
            return True
        source: WebhookSource = self.manifest.webhook_source(self.settings, self.surroundings)
        return source.tells_type


def read_connections(file: YamlFile, folder: Path) -> tuple[Mapping[str, KnownConnection], list[Finding]]:
    """Return the connections of a project file by name, and what is wrong with their settings."""
    content = file.content.get(CONNECTIONS) if isinstance(file.content, dict) else None
    if not isinstance(content, dict):
        return {}, []
    findings: list[Finding] = []
    connections = {
        name: _connection(name, spelled, file, folder, findings)
        for name, spelled in content.items()
        if isinstance(spelled, dict)
    }
    return connections, findings


def without_role(connections: Mapping[str, KnownConnection], name: str, role: Role) -> Iterator[tuple[str, str]]:
    """Yield message and remedy where there is no connection of this name in this role."""
    fitting = [known.name for known in connections.values() if known.may(role)]
    if name not in connections:
        yield f"there is no connection {name!r}", named_like(name, fitting)
    elif not connections[name].may(role):
        yield f"connection {name!r} is no {role.replace('_', ' ')}", named_like(name, fitting)


def is_no_source(connections: Mapping[str, KnownConnection], name: str) -> Iterator[tuple[str, str]]:
    """Yield message and remedy where there is no connection of this name from which the records of a feed come."""
    fitting = [known.name for known in connections.values() if any(known.may(role) for role in SOURCES)]
    if name not in connections:
        yield f"there is no connection {name!r}", named_like(name, fitting)
    elif name not in fitting:
        yield f"connection {name!r} is no source of records", named_like(name, fitting)


def _connection(
    name: str, spelled: Mapping[str, Json], file: YamlFile, folder: Path, findings: list[Finding]
) -> KnownConnection:
    found = _manifest(name, spelled.get("connector"), file, findings)
    settings: ConnectorSettings | None = None
    if found is not None:
        own = {key: value for key, value in spelled.items() if key not in _OURS}
        settings, wrong = shape(found.settings, own, Shaped(file=file, place=(CONNECTIONS, name)))
        findings += wrong
    surroundings = Surroundings(project_folder=folder, state_folder=folder / "var" / CONNECTIONS / name)
    return KnownConnection(name=name, manifest=found, settings=settings, surroundings=surroundings)


def _manifest(name: str, connector: Json, file: YamlFile, findings: list[Finding]) -> "Manifest[Any] | None":
    if not isinstance(connector, str):
        # Missing or no text: the file's own shape says so.
        return None
    place = (CONNECTIONS, name, "connector")
    try:
        return manifest(connector)
    except UnknownConnectorError:
        message = f"no connector is called {connector!r}"
        findings.append(file.finding(place, message, named_like(connector, connector_names())))
    except (ImportError, AttributeError, TypeError) as broken:
        remedy = "install what it needs, or remove the package that registers it"
        findings.append(file.finding(place, f"connector {connector!r} cannot be loaded: {broken}", remedy))
    return None
