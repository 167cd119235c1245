"""What a project folder holds, as far as it could be understood: what names are checked against.

A mistake in one place must not hide those in another, so that parts that are wrong stand here as
None: they exist, and are complained of only once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xconnector.domain.calendar import Calendar
from xconnector.domain.matching.keys import MatchingRules
from xconnector.project.connection_settings import KnownConnection
from xconnector.project.customer_fields import CustomerFields
from xconnector.project.designs import Designs
from xconnector.project.mapping import RecordMapping
from xconnector.project.model import ChecksChoice, CommunicationKind, Feed
from xconnector.project.source_contract import SourceContract
from xconnector.project.tables.text import TableText
from xconnector.project.yaml_file import YamlFile


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCommunication:
    """A communication whose file is well formed."""

    file: YamlFile
    kind: CommunicationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Everything in the folder, by name."""

    folder: Path
    file: YamlFile
    """`xconnector.yaml`."""
    language: str
    """The project's own; empty where it is wrong."""
    connections: Mapping[str, KnownConnection]
    feeds: Mapping[str, Feed]
    roles: frozenset[str]
    record_classes: frozenset[str]
    calendars: Mapping[str, Calendar | None]
    checks: ChecksChoice
    tables: Mapping[str, TableText | None]
    parts_of_tables: Mapping[str, TableText]
    """What is understood of tables that are not understood as a whole."""
    mappings: Mapping[str, RecordMapping | None]
    contracts: Mapping[str, SourceContract | None]
    matching: MatchingRules
    """Who is the same customer."""
    customer_fields: CustomerFields
    communications: Mapping[str, KnownCommunication | None]
    designs: Designs
