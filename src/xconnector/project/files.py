"""The shapes of a project's YAML files: parser, lint, JSON Schema and documentation in one."""

from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from xconnector.contract.settings import Duration
from xconnector.domain.routing.plan import EnvelopeSharing
from xconnector.domain.staleness import Staleness
from xconnector.project.calendar_file import CalendarShape
from xconnector.project.file_words import EventType, Name, Shape, Text
from xconnector.project.model import ConnectionLimits
from xconnector.project.promise_shape import ExpectedShape
from xconnector.project.trigger_file import TriggerShape

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
SpeakerName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class LocaleShape(Shape):
    """What holds where a customer's record says nothing else."""

    language: Language
    """Two-letter language code (ISO 639-1), such as de."""
    currency: Currency
    """Three-letter currency code (ISO 4217), such as EUR."""
    timezone: str
    """IANA time zone, such as Europe/Berlin: days begin there."""


class SenderShape(BaseModel):
    """Who writes. Further keys with text go to the templates as they are."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)
    __pydantic_extra__: dict[str, str | tuple[str, ...]]  # pyright: ignore[reportIncompatibleVariableOverride] - pydantic's way to type further keys

    name: Text
    """Name of the sender as it stands in letters and e-mails."""
    address_lines: tuple[Text, ...]
    """Postal address of the sender, line by line."""
    email: str | None = None
    """Address for answers."""
    phone: str | None = None
    """Telephone number as it is to be read."""
    website: str | None = None
    """Address of the sender's website."""
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    """Two-letter country code (ISO 3166-1): addresses elsewhere carry a country line. Left out, the language tells."""


class LimitsShape(Shape):
    """What holds for every call of a connection, applied outside the connector."""

    parallel: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Calls at a time, over all workers; long ones (bundles, submissions) are counted apart from the others."""
    rate: Annotated[float, Field(gt=0)] | None = None
    """Calls per second in the long run."""
    burst: Annotated[int, Field(ge=1, le=10_000)] = 1
    """Calls at once after a silence, where there is a `rate`."""
    timeout: Annotated[Duration, Field(gt=timedelta(0))] | None = None
    """Longest time of one call, such as 30s; left out: as long as the connector's calls may take, 30s for most."""
    attempts: Annotated[int, Field(ge=1, le=100)] | None = None
    """Hand-overs that are tried before a communication fails for an outage; left out: one more than `waits`, or 5."""
    waits: Annotated[tuple[Annotated[Duration, Field(ge=timedelta(0))], ...], Field(max_length=100)] | None = None
    """How long to wait before each further attempt, such as [5s, 5m, 2h]; a tenth more or less, so that not all come
    at once. Left out: as the connector's protocol asks, else 2s and doubling up to 15m."""
    report_within: Annotated[Duration, Field(gt=timedelta(0))] = timedelta(days=7)
    """How long an acknowledgement, and a final report where one is awaited, may take before somebody has to ask what
    became of it, such as 7d."""
    ask_after: Annotated[Duration, Field(gt=timedelta(0))] | None = None
    """After how long without its report the provider is asked, such as 6h, and again whenever that has doubled;
    left out: as long as the connector's reports take."""
    final_report: bool = True
    """Whether a final report is awaited where the connector promises one; false where carriers give none."""
    collect: Annotated[Duration, Field(ge=timedelta(0))] = timedelta(minutes=15)
    """How long single pieces for print wait for others before they leave as one bundle, such as 15m."""
    cutoffs: tuple[time, ...] = ()
    """Times of day in the project's time zone, such as "17:00", at which single pieces leave; replace `collect`."""
    slow_after: Annotated[Duration, Field(gt=timedelta(0))] | None = None
    """After how long a piece counts as slow, such as 2s, where there are further providers; left out: a quarter of the
    time-out."""
    leave_alone: Annotated[Duration, Field(gt=timedelta(0))] = timedelta(seconds=30)
    """How long a provider that fails or is slow is left alone where there are others, such as 30s; each further time
    twice as long, up to 15m."""

    def limits(
        self,
        *,
        call_timeout: timedelta,
        retry_waits: tuple[timedelta, ...] = (),
        final_report_after: timedelta | None = None,
        acknowledged_after: timedelta | None = None,
    ) -> ConnectionLimits:
        """Return the limits of a connection whose connector says this of its calls and reports."""
        limits = {**self.model_dump(exclude={"timeout", "attempts", "waits", "ask_after", "final_report"})}
        missed_after = (final_report_after if self.final_report else None) or acknowledged_after
        limits["ask_after"] = None if missed_after is None else self.ask_after or missed_after
        limits["awaits_final"] = self.final_report and final_report_after is not None
        waits = retry_waits if self.waits is None else self.waits
        attempts = self.attempts or (len(waits) + 1 if waits else ConnectionLimits.attempts)
        return ConnectionLimits(**limits, timeout=self.timeout or call_timeout, attempts=attempts, waits=waits)


class ConnectionShape(BaseModel):
    """A connection: its connector, its limits, and beside them the connector's own settings."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)

    connector: Name
    """Name of an installed connector."""
    limits: LimitsShape = LimitsShape()
    """Parallelism, rate, time-out and attempts."""
    further_providers: tuple[Name, ...] = ()
    """Of a channel: connections that take, in this order, what this one cannot while it fails or is slow."""


class FeedShape(Shape):
    """How records of a source become events."""

    event: EventType
    """Type of the events, such as com.acme.policy.issued."""
    mapping: Name
    """Name of a file in mappings/ without its ending."""
    connection: Name | None = None
    """The run source that reads the files, the broker that is listened to, or the connection that takes what is sent
    to us by webhook; left out for events that are sent with a key of ours."""
    contract: Name | None = None
    """What the records promise: name of a file in contracts/ without `.schema.json`."""
    fresh_within: Annotated[Duration, Field(gt=timedelta(0))] | None = None
    """How old the newest that the source said may be, such as 24h; communications say what follows of older."""
    expected: ExpectedShape | None = None
    """When the source speaks when all is well; a failure tells where it does not."""
    drop: Name | None = None
    """The connection where its files arrive; left out, files are handed over with `xconnector run`."""
    every: Annotated[Duration, Field(ge=timedelta(seconds=1))] | None = None
    """How often is looked for files in the drop, such as 10s, which it is when left out; or how often a source is asked
    that has to be, such as 5m, where it is 1m."""
    changes: Literal["debezium"] | None = None
    """Set where its records are changes of rows in the shape of Debezium: the connection's `key` then names the row,
    changes are heard in the order of the source's log, a later one replaces all that was said of the customer, and a
    delete takes it back."""
    at: tuple[time, ...] = ()
    """Times of day in the project's time zone, such as "06:00", at which a source is asked; they replace `every`."""
    customer_keys: Literal["shared", "own"] = "shared"
    """Whether the source's numbers of customers are those of all sources, or its own: own ones get the name of the
    source in front, so that two sources' 4711 are never one customer by accident."""


class PersonShape(Shape):
    """Somebody who reviews."""

    roles: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Roles in which the person may release, such as compliance."""


class SpeakerShape(Shape):
    """Who hands in events: a key, or a connection."""

    sources: Annotated[tuple[Annotated[str, StringConstraints(pattern=r"^[^\s*]\S{0,198}$")], ...], Field(min_length=1)]
    """The sources for which it may speak, as its events name them: `/policies/eu`, or `/policies/*` for all that begin
    so. For others it may not; and for these nobody else may who is not told."""


class CustomersShape(Shape):
    """Where customers' data comes from; `customers/survivorship.md` says which source counts for which field."""

    sources: tuple[Annotated[str, StringConstraints(pattern=r"^\S(.{0,198}\S)?$")], ...] = ()
    """Names of the sources beside the feeds with a connection: the `source` of events, and of files that are loaded."""
    fields: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,99}$")], ...] = ()
    """Fields of customers that only this project has, beside those of the golden record, such as loyalty_level: files
    may give them, and survivorship, matching and overrides may name them."""


class RecordClassShape(Shape):
    """How long a class of records is kept."""

    years: Annotated[int, Field(ge=0, le=150)]
    """Years from the day of issue."""
    authority: Text
    """The rule that demands it, as a citation."""


Tables = Name | tuple[Name, ...]
"""One name of a file in tables/ without its ending, or several."""


class ChecksShape(Shape):
    """The checks that come before and after the wish of the customer; of several tables each has to agree."""

    must_send: Tables = ()
    """Tables that say what the law wants sent: by which media, with which proof of mailing, in how many days."""
    suppression: Tables = ()
    """Tables that say whether a medium may be used of somebody who died, or whose address does not work."""
    withdrawal: Tables = ()
    """Tables that say whether a medium may be used after the customer said no."""
    consent: Tables = ()
    """Tables that say which media need a consent, by category and jurisdiction."""
    format: Tables = ()
    """Tables that say which media can carry an alternate format, such as large print."""
    quiet_hours: Tables = ()
    """Tables that say between which hours a medium may disturb."""
    costs: Tables = ()
    """Tables that say what a piece costs by a medium or connection."""
    default: Name | None = None
    """The connection that takes what must be sent when nothing else is left."""


class FeedbackShape(Shape):
    """What is kept of what providers report."""

    keep_requests: Annotated[Duration, Field(ge=timedelta(days=1))] = timedelta(days=90)
    """How long the bytes of providers' requests are kept, such as 30d. What they said, and their digests, stay."""


class WriteBackShape(Shape):
    """A source system that is told what became of its communications."""

    connection: Name
    """Name of the connection by which it is told."""
    sources: Annotated[tuple[Annotated[str, StringConstraints(pattern=r"^[^\s*]\S{0,198}$")], ...], Field(min_length=1)]
    """The sources of whose records it is told, as events name them, or as feeds are called: `crm`, or `/policies/*` for
    all that begin so."""
    events: tuple[str, ...] = ()
    """What it is told, such as `delivery.bounced` or `communication.completed`; left out: everything."""


class TablesShape(Shape):
    """Governance of decision tables: a version decides after a second person approved it."""

    approved_by: Name
    """Role in which a second person approves, rejects and revokes versions."""
    proposed_by: Name | None = None
    """Role in which versions are proposed; left out, everybody among `people` may."""
    governed: bool = True
    """Whether approved versions decide instead of the files in tables/; with false, versions are only prepared."""


class ProjectShape(Shape):
    """`xconnector.yaml`."""

    project: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,62}$")]
    """Name of the project: letters, digits and hyphens."""
    locale: LocaleShape
    """Language, currency and time zone."""
    sender: SenderShape
    """Who writes."""
    connections: Annotated[Mapping[Name, ConnectionShape], Field(min_length=1)]
    """Ways to the outside, by name."""
    feeds: Mapping[Name, FeedShape] = {}
    """How source records become events, by name."""
    people: Mapping[Name, PersonShape] = {}
    """Who reviews, by name."""
    speakers: Mapping[SpeakerName, SpeakerShape] = {}
    """Who may speak for which sources, by the name of the key or connection."""
    customers: CustomersShape = CustomersShape()
    """Where customers' data comes from."""
    record_classes: Mapping[Name, RecordClassShape] = {}
    """Retention, by name."""
    tables: TablesShape | None = None
    """Governance of decision tables; left out, the files in tables/ decide."""
    calendars: Mapping[Name, CalendarShape] = {}
    """Working days of offices, by name."""
    checks: ChecksShape = ChecksShape()
    """Tables that every communication has to pass, beside its own routing table."""
    write_back: Mapping[Name, WriteBackShape] = {}
    """Source systems that are told what became of their communications, by name."""
    feedback: FeedbackShape = FeedbackShape()
    """What is kept of what providers report."""


class TemplateShape(Shape):
    """Which template, and who fills it."""

    composer: Name
    """Name of a connection that composes."""
    name: Name
    """Folder in templates/, or the composer's own name for it."""


class TableChoiceShape(Shape):
    """A decision table says it."""

    table: Name
    """Name of a file in tables/ without its ending."""


class ArchiveShape(Shape):
    """Where a communication is kept, and for how long."""

    connection: Name
    """Name of a connection that archives."""
    record_class: Annotated[Name | TableChoiceShape, Field(alias="class")]
    """Name of one of the project's record classes, or the table that says which."""


class CommunicationShape(Shape):
    """`communications/<name>.yaml`."""

    title: Annotated[Mapping[Language, Text], Field(min_length=1)]
    """What a person calls it, by language; it is made in these languages."""
    on: TriggerShape
    """The event that asks for it."""
    template: TemplateShape
    """Which template, and who fills it."""
    category: Name
    """Kind of business, such as contract or billing: an input of decision tables."""
    promotional: bool = False
    """Whether the recipient may unsubscribe from it."""
    needs_fresh: Mapping[Name, Staleness] = {}
    """Feeds with a `fresh_within` that it depends on, and what follows where one is stale: refuse, or flag."""
    data: Mapping[str, Any]
    """Fields of the template and their types: text, money, date, number, integer, bool, each with ? if optional,
    lists as [text] or [{name: text}]."""
    route: Name
    """Name of a file in tables/ without its ending."""
    review: Name | TableChoiceShape = "none"
    """Role that must approve, or none, or the table that says which; a role in the route's `review` replaces it."""
    archive: ArchiveShape
    """Where it is kept, and for how long."""
    print_options: Annotated[TableChoiceShape | None, Field(alias="print")] = None
    """The table whose outputs are told to the print house with each piece, such as paper or inserts."""
    share_envelope: EnvelopeSharing = EnvelopeSharing.NONE
    """With which other letters it may lie in one envelope, where the connection does so: none, those for the same
    customer, or all for the same address."""


class SourceShape(Shape):
    """Where one field comes from, in full. For the schema; mappings are read by `mapping_text.py`."""

    path: str | None = None
    """The value at a path."""
    const: Any = None
    """Always this value."""
    first: Sequence["str | SourceShape"] | None = None
    """The first that is there."""
    join: Sequence["str | SourceShape"] | None = None
    """One text of those that are there."""
    with_: Annotated[str, Field(alias="with")] = " "
    """What stands between joined parts."""
    list_: Annotated[Sequence["str | SourceShape"] | None, Field(alias="list")] = None
    """A list of those that are there."""
    sum: str | None = None
    """Exact sum of the numbers at a path."""
    count: str | None = None
    """How many there are at a path."""
    group: str | None = None
    """All that stands at a path, groups of fields included, as it stands."""
    each: str | None = None
    """A list of records, one for each thing at a path; `fields` start there."""
    fields: Mapping[str, "str | SourceShape"] | None = None
    """Fields of each record."""
    jsonata: str | None = None
    """What an expression of JSONata makes of the record, for the odd field."""
    then: Sequence[str | Mapping[str, Any]] | None = None
    """Transforms in their order."""
    currency: "str | SourceShape | None" = None
    """Makes money of the value: where its currency stands."""
    default: Any = None
    """The value where there is none."""
    required: bool = False
    """Whether a missing value is an error."""
    on_error: Literal["reject", "missing"] = "reject"
    """What follows where a transform cannot read the value: the record is rejected, or the value counts as missing."""
    on_missing: Literal["keep", "retract", "retract_absent"] | None = None
    """Of a field of `customer_fields` alone: what no value means, in place of the mapping's `missing`."""


class MappingUseShape(Shape):
    """Which records a mapping takes, where `xconnector map` is not told its name."""

    format: str
    """The format of their files; `xconnector map --list` names them."""
    where: Mapping[str, str | Sequence[str]] = {}
    """What must stand at these paths; `*` is anything."""
    about: str = ""
    """One sentence."""


class MappingShape(Shape):
    """`mappings/<name>.yaml`."""

    for_: Annotated[MappingUseShape | None, Field(alias="for")] = None
    """Which records it takes."""
    key: "str | SourceShape | Sequence[str | SourceShape] | None" = None
    """What names the record; several parts are joined."""
    customer: str | SourceShape
    """The customer's key."""
    fields: Mapping[str, str | SourceShape]
    """Our fields and where they come from."""
    customer_fields: Mapping[str, str | SourceShape] = {}
    """Golden-record fields and where they come from."""
    verified: "Sequence[str] | Mapping[str, str | SourceShape]" = ()
    """Golden-record fields for which the source vouches: always, or by what is true where it does. `address` is all
    parts of the address."""
    missing: Literal["keep", "retract", "retract_absent"] = "keep"
    """What it means that there is no value for a golden-record field. keep: the source says nothing of it; retract:
    null or blank takes back what the source said, what is not there says nothing; retract_absent: both take it back."""
    deleted: str | SourceShape | None = None
    """What is true where the source has deleted the customer: all that it said is taken back."""
