"""A project as the house uses it: everything named, resolved and proven, nothing left as text to be parsed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from xconnector.contract.manifest import Manifest
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.calendar import Calendar
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.expectation import Expectation
from xconnector.domain.golden import MOST_RECENT, Survivorship
from xconnector.domain.matching.keys import NOBODY_IS_MERGED, MatchingRules
from xconnector.domain.matching.member_key import own_key
from xconnector.domain.retention import RecordClass
from xconnector.domain.routing.plan import EnvelopeSharing, Medium
from xconnector.domain.routing.policy import Check
from xconnector.domain.speakers import EVERYBODY_FOR_ALL, Speakers
from xconnector.domain.staleness import Staleness
from xconnector.domain.trigger.rules import NO_RULES, TriggerRules, Urgency
from xconnector.project.condition import Condition
from xconnector.project.customer_fields import CustomerFields
from xconnector.project.data_contract import DataContract
from xconnector.project.mapping import RecordMapping
from xconnector.project.mapping_versions import MappingVersions
from xconnector.project.source_contract import SourceContract
from xconnector.store.write_backs import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Locale:
    """What holds where a customer's record says nothing else."""

    language: str
    """ISO 639-1 code, lower case."""
    currency: str
    """ISO 4217 code."""
    timezone: str
    """IANA name: days begin there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """What `limits:` of a connection says; applied outside the connector."""

    parallel: int | None = None
    """Calls at a time, over all workers."""
    rate: float | None = None
    """Calls per second in the long run."""
    burst: int = 1
    """Calls at once after a silence, where there is a `rate`."""
    timeout: timedelta = timedelta(seconds=30)
    """Of one call."""
    attempts: int = 5
    """Hand-overs that are tried before a communication fails for an outage."""
    waits: tuple[timedelta, ...] = ()
    """How long to wait before each further attempt; beyond the last, as long as the last. None doubles from 2 s."""
    report_within: timedelta = timedelta(days=7)
    """How long an acknowledgement may take; afterwards somebody has to ask what became of the hand-over."""
    ask_after: timedelta | None = None
    """After how long without a report the channel is asked where it can be; None where none is awaited."""
    awaits_final: bool = False
    """Whether that is a final report; else an acknowledgement is enough."""
    collect: timedelta = timedelta(minutes=15)
    """How long single pieces for print wait for others, before they leave as one bundle."""
    cutoffs: tuple[time, ...] = ()
    """Times of day in the project's time zone at which single pieces leave; they replace `collect`."""
    slow_after: timedelta | None = None
    """After how long a piece counts as slow, where there are further providers; None for a quarter of `timeout`."""
    leave_alone: timedelta = timedelta(seconds=30)
    """How long a provider that fails or is slow is left alone at first, where there are others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A configured instance of a connector."""

    name: str
    connector: str
    settings: ConnectorSettings = field(repr=False)
    limits: ConnectionLimits
    medium: Medium | None = None
    """Of a channel: by which way it reaches people."""
    further_providers: tuple[str, ...] = ()
    """Of a channel: the connections that take what it cannot, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakingTimes:
    """When a source speaks when all is well, as the project says it."""

    every: timedelta
    by: time | None
    calendar: str | None
    at_least: int
    first: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """How records of one source become events."""

    name: str
    event: str
    """Type of the events."""
    mapping: str
    connection: str | None = None
    """The run source that reads its files, the broker that is listened to, or what its senders call; None for events
    that come with a key of ours."""
    contract: str | None = None
    """What its records promise; None where nothing is promised."""
    fresh_within: timedelta | None = None
    """How old the newest that its source said may be; None where nothing is promised."""
    expected: SpeakingTimes | None = None
    """When its source speaks when all is well; None where nothing is expected."""
    drop: str | None = None
    """The connection where its files arrive; None where they are handed over."""
    every: timedelta | None = None
    """How often is asked or looked for news; None for the usual time."""
    changes: str | None = None
    """In which shape it tells changes of rows; None where its records are something else."""
    at: tuple[time, ...] = ()
    """Times of day in the project's time zone at which its source is asked; they replace `every`."""
    has_own_keys: bool = False
    """Whether its source numbers customers by itself."""

    def member_key(self, source: str, key: str) -> str:
        """Return the key of a member, of the key that a record of this source names."""
        return own_key(source, key) if self.has_own_keys else key


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who reviews."""

    name: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateChoice:
    """Which template, and who fills it."""

    composer: str
    """Name of a connection."""
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChoice:
    """A decision table says it."""

    table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveChoice:
    """Where a communication is kept, and under which rule."""

    connection: str
    record_class: str | TableChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksChoice:
    """The tables that every communication has to pass, beside its own routing table."""

    tables: Mapping[Check, tuple[str, ...]]
    """Names by check; only of those that ask a table."""
    default: str | None
    """The connection that takes what must be sent when nothing else is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunicationKind:
    """What is sent on which event, how it is made, routed and kept."""

    name: str
    title: Mapping[str, str]
    """What a person calls it, by language."""
    event: str
    where: Mapping[str, frozenset[str]]
    """Mapped fields and the values, as text, of which one must stand there."""
    condition: Condition | None
    """What must hold of mapped data as well; None where nothing more is asked."""
    template: TemplateChoice
    category: str
    promotional: bool
    contract: DataContract
    route: str
    """Name of the routing table."""
    review: str | TableChoice | None
    """Role that must approve where the routing table says nothing; None releases at once."""
    archive: ArchiveChoice
    print_options: TableChoice | None = None
    """What is told to the print house with each piece."""
    share_envelope: EnvelopeSharing = EnvelopeSharing.NONE
    """With which other letters it may lie in one envelope."""
    rules: TriggerRules = NO_RULES
    """When it begins that was asked for, or is not made."""
    urgency: Urgency = Urgency.NORMAL
    """What goes first when there is more work than workers."""
    needs_fresh: Mapping[str, Staleness] = field(default_factory=dict[str, Staleness])
    """Feeds that it depends on, and what follows where one is stale."""

    @property
    def tables(self) -> Mapping[Check, str]:
        """The tables that are asked beside the plan."""
        said = {
            Check.REVIEW: self.review,
            Check.RETENTION: self.archive.record_class,
            Check.PRINT: self.print_options,
        }
        return {check: choice.table for check, choice in said.items() if isinstance(choice, TableChoice)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """Who may say what of a version of a decision table, and whether only approved versions decide."""

    approved_by: str
    """The role of the second person."""
    proposed_by: str | None
    """The role of the first; None where everybody among `people` may propose."""
    is_on: bool
    """Whether approved versions decide; else the files in tables/ do, and versions are only prepared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteBack:
    """A source system that is told what became of its communications."""

    name: str
    connection: str
    sources: tuple[str, ...]
    """Names of sources, or how they begin where a name ends in `*`."""
    words: frozenset[str]
    """What it is told."""

    @property
    def target(self) -> Target:
        """The source system as the store knows it."""
        return Target(name=self.name, sources=self.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One customer communications project."""

    name: str
    folder: Path
    locale: Locale
    sender: Mapping[str, Any]
    """Name, address lines and further words that templates show."""
    home_country: str
    """ISO 3166-1 alpha-2: addresses elsewhere carry a country line."""
    connections: Mapping[str, Connection]
    feeds: Mapping[str, Feed]
    people: Mapping[str, Person]
    record_classes: Mapping[str, RecordClass]
    checks: ChecksChoice
    designs: Mapping[str, Mapping[str, ConnectorSettings]]
    """By the name of the design file, then by template: what composers with designs of their own are told."""
    communications: Mapping[str, CommunicationKind]
    tables: Mapping[str, DecisionTable]
    mappings: Mapping[str, MappingVersions]
    contracts: Mapping[str, SourceContract]
    content_sha256: str
    """Digest over every file that decides or shapes a communication."""
    survivorship: Survivorship = MOST_RECENT
    """Which of the values that sources give of a customer count."""
    matching: MatchingRules = NOBODY_IS_MERGED
    """Who is the same customer."""
    customer_fields: CustomerFields = field(default_factory=CustomerFields)
    """Which fields customers have here."""
    calendars: Mapping[str, Calendar] = field(default_factory=dict[str, Calendar])
    """Working days, by name."""
    speakers: Speakers = EVERYBODY_FOR_ALL
    """Who may speak for which sources."""
    governance: Governance | None = None
    """Of decision tables; None where nobody is named to approve them."""
    write_backs: Mapping[str, WriteBack] = field(default_factory=dict[str, WriteBack])
    """Source systems that are told what became of their communications, by name."""
    keep_requests: timedelta = timedelta(days=90)
    """How long the bytes of providers' requests are kept."""

    @property
    def has_lines(self) -> bool:
        """Whether any communications leave one after the other."""
        return any(kind.rules.order for kind in self.communications.values())

    @property
    def has_keys_of_customers(self) -> bool:
        """Whether anything waits, or is asked for once, by the key of its customer."""
        return any(kind.rules.name_customer for kind in self.communications.values())

    @property
    def has_counter_events(self) -> bool:
        """Whether any communication can be cancelled by an event."""
        return any(kind.rules.counters for kind in self.communications.values())

    @property
    def is_governed(self) -> bool:
        """Whether approved versions of tables decide, instead of the files."""
        return self.governance is not None and self.governance.is_on

    def designs_for(self, declared: Manifest[Any]) -> Mapping[str, ConnectorSettings]:
        """Return by template what the design files of a connector say; nothing for one that has none."""
        file = declared.design_file
        return {} if file is None else self.designs.get(file.name, {})

    def expectation_of(self, feed: Feed) -> Expectation | None:
        """Return when the source of a feed speaks when all is well; None where nothing is expected."""
        said = feed.expected
        if said is None:
            return None
        return Expectation(
            every=said.every,
            by=said.by,
            zone=ZoneInfo(self.locale.timezone),
            first=said.first,
            calendar=None if said.calendar is None else self.calendars[said.calendar],
            at_least=said.at_least,
        )

    def contract_of(self, feed: Feed) -> SourceContract | None:
        """Return what the records of a feed promise; None where nothing is promised."""
        return None if feed.contract is None else self.contracts[feed.contract]

    def feeds_of_connection(self, connection: str) -> Sequence[Feed]:
        """Return the feeds whose records come by a connection."""
        return [feed for feed in self.feeds.values() if feed.connection == connection]

    def mapping_of(self, feed: Feed, *, at: datetime) -> RecordMapping:
        """Return the mapping that counts for a feed on the day of a moment, where the project is at home.

        Raises MappingError when none does.
        """
        return self.mappings[feed.mapping].on(at.astimezone(ZoneInfo(self.locale.timezone)).date())

    def feed_of(self, event_type: str) -> Feed | None:
        """Return the feed whose mapping applies to events of this type that are sent to us.

        Feeds without a connection go first; a project with two for one type does not load.
        """
        fitting = [feed for feed in self.feeds.values() if feed.event == event_type]
        return min(fitting, key=lambda feed: feed.connection is not None, default=None)
