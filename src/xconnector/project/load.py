"""Loads a project folder: parses everything, proves that it fits together, and collects every mistake in one pass."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar
from zoneinfo import available_timezones

from pydantic import BaseModel

from xconnector.domain.calendar import Calendar
from xconnector.domain.golden import Survivorship
from xconnector.domain.retention import RecordClass
from xconnector.project.calendar_file import EVERY_DAY, CalendarShape
from xconnector.project.calendars import calendar_of
from xconnector.project.checks import NO_CHECKS, checks_of
from xconnector.project.communications import communication_of
from xconnector.project.connection_settings import read_connections
from xconnector.project.contract_files import CONTRACTS, read_contracts
from xconnector.project.customers_section import known_fields, known_sources
from xconnector.project.designs import read_designs
from xconnector.project.files import (
    ChecksShape,
    CommunicationShape,
    FeedShape,
    PersonShape,
    ProjectShape,
    SenderShape,
)
from xconnector.project.findings import Finding, ProjectError, named_like
from xconnector.project.fitting import misfits
from xconnector.project.fitting_tables import table_misfits, tables_asked
from xconnector.project.formats import home_of, is_country, is_currency, is_language
from xconnector.project.governing import governance_of, unknown_roles
from xconnector.project.known import Known, KnownCommunication
from xconnector.project.mapping import RecordMapping
from xconnector.project.mapping_text import parse_mapping
from xconnector.project.mapping_versions import misnamed, versions_of
from xconnector.project.matching_file import read_matching
from xconnector.project.model import (
    ChecksChoice,
    CommunicationKind,
    Connection,
    Feed,
    Locale,
    Person,
    Project,
    SpeakingTimes,
)
from xconnector.project.shape import Shaped, shape
from xconnector.project.speakers_section import speakers_of
from xconnector.project.survivorship import CUSTOMERS, read_survivorship
from xconnector.project.tables.files import FOREIGN_FORMS, FORMS, form_of, read_part_of_table_file, read_table_file
from xconnector.project.tables.text import TableText
from xconnector.project.templates import TEMPLATES, links
from xconnector.project.test_files import read_tests
from xconnector.project.trigger_rules import Calendars
from xconnector.project.write_back_section import write_back_misfits, write_backs_of
from xconnector.project.yaml_file import YamlFile, read_yaml

PROJECT_FILE = "xconnector.yaml"
COMMUNICATIONS = "communications"
TABLES = "tables"
MAPPINGS = "mappings"

_CONVERT = "write it in a form of ours: xconnector tables convert"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}", re.ASCII)

M = TypeVar("M", bound=BaseModel)


def load_project(
    folder: Path, environment: Mapping[str, str], *, instead: Mapping[str, TableText] | None = None
) -> Project:
    """Return the project in a folder, with `${NAME}` in its settings filled from the environment.

    Tables given `instead`, by name, stand in for those of the folder and are proven as they are.

    Raises ProjectError with every mistake that was found.
    """
    return _Loading(folder.resolve(), environment, instead or {}).project()


def table_findings(folder: Path, environment: Mapping[str, str], file: str) -> list[Finding] | None:
    """Return what is wrong with one table of a project, by the name of its file; None where nothing asks the table.

    What is wrong elsewhere is passed over, as long as the communications are understood: they say what tables see.
    Raises ProjectError where they are not.
    """
    return _Loading(folder.resolve(), environment, {}).table_findings(file)


def project_name(folder: Path) -> str:
    """Return what a project is called, whether or not the rest of it can be loaded.

    Raises ProjectError.
    """
    file, wrong = read_yaml(folder / PROJECT_FILE, PROJECT_FILE)
    if file is None:
        raise ProjectError(wrong)
    name = file.content.get("project") if isinstance(file.content, dict) else None
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise ProjectError([file.finding(("project",), "`project` is missing, or no name", "use letters and digits")])
    return name


def project_time_zone(folder: Path) -> str:
    """Return the IANA name of a project's time zone, whether or not the rest of it can be loaded; else UTC."""
    file, _ = read_yaml(folder / PROJECT_FILE, PROJECT_FILE)
    name = None if file is None else _text_at(file, "locale", "timezone")
    return name if name in available_timezones() else "UTC"


class _Loading:
    def __init__(self, folder: Path, environment: Mapping[str, str], instead: Mapping[str, TableText]) -> None:
        self._folder = folder
        self._environment = environment
        self._instead = instead
        self._parts_of_tables: dict[str, TableText] = {}
        self._findings: list[Finding] = []

    def project(self) -> Project:
        file = self._project_file()
        shaped = self._shaped(ProjectShape, file)
        known = self._known(file)
        self._findings += links(self._folder)
        self._findings += misfits(known)
        self._findings += unknown_roles(file, known.roles)
        self._findings += [] if shaped is None else write_back_misfits(shaped.write_back, known)
        survivorship, wrong = read_survivorship(
            self._folder, known_sources(file, known.feeds.values()), known.customer_fields
        )
        self._findings += wrong
        _, wrong = read_tests(self._folder, known.communications, known.feeds)
        self._findings += wrong
        if shaped is None or self._findings:
            raise ProjectError(self._findings)
        return _project(self._folder, shaped, known, survivorship)

    def table_findings(self, file: str) -> list[Finding] | None:
        known = self._known(self._project_file())
        if None in known.communications.values():
            raise ProjectError(one for one in self._findings if one.file.startswith(f"{COMMUNICATIONS}/"))
        name = Path(file).stem
        if name in known.tables and name not in tables_asked(known):
            return None
        return [one for one in (*self._findings, *table_misfits(known)) if one.file == f"{TABLES}/{file}"]

    def _project_file(self) -> YamlFile:
        if not (self._folder / PROJECT_FILE).is_file():
            self._find(PROJECT_FILE, "there is no such file", "run `xconnector init`, or name the project's folder")
            raise ProjectError(self._findings)
        file, wrong = read_yaml(self._folder / PROJECT_FILE, PROJECT_FILE, self._environment)
        self._findings += wrong
        if file is None:
            raise ProjectError(self._findings)
        return file

    def _find(self, file: str, message: str, remedy: str) -> None:
        self._findings.append(Finding(file=file, line=1, message=message, remedy=remedy))

    def _shaped(self, model: type[M], file: YamlFile) -> M | None:
        shaped, wrong = shape(model, file.content, Shaped(file=file))
        self._findings += wrong
        return shaped

    def _known(self, file: YamlFile) -> Known:
        connections, wrong = read_connections(file, self._folder)
        self._findings += wrong
        designs, wrong = read_designs(self._folder, connections.values(), self._environment)
        self._findings += wrong
        contracts, wrong = read_contracts(self._folder)
        self._findings += wrong
        calendars = dict(self._calendars(file))
        communications = dict(self._communications(calendars | {"": self._every_day(file)}))
        customer_fields = known_fields(file, communications.values())
        matching, wrong = read_matching(self._folder, customer_fields.own)
        self._findings += wrong
        people = [shaped for _, shaped in _section(file, "people", PersonShape)]
        return Known(
            folder=self._folder,
            file=file,
            language=self._language(file),
            connections=connections,
            feeds={name: _feed(name, feed) for name, feed in _section(file, "feeds", FeedShape)},
            roles=frozenset(role for person in people for role in person.roles),
            record_classes=frozenset(_names(file, "record_classes")),
            calendars=calendars,
            checks=_checks(file),
            tables={**dict(self._tables()), **self._instead},
            parts_of_tables={name: part for name, part in self._parts_of_tables.items() if name not in self._instead},
            mappings=dict(self._mappings()),
            contracts=contracts,
            matching=matching,
            customer_fields=customer_fields,
            communications=communications,
            designs=designs,
        )

    def _language(self, file: YamlFile) -> str:
        """Return the project's language, after proving the codes of its locale."""
        language = _text_at(file, "locale", "language")
        currency = _text_at(file, "locale", "currency")
        timezone = _text_at(file, "locale", "timezone")
        country = _text_at(file, "sender", "country")
        place = ("locale",)
        if language and not is_language(language):
            self._findings.append(
                file.finding((*place, "language"), f"{language!r} is no language", "use a code such as de, en or fr")
            )
        if currency and not is_currency(currency):
            self._findings.append(
                file.finding((*place, "currency"), f"{currency!r} is no currency", "use a code such as EUR or CHF")
            )
        if timezone and timezone not in available_timezones():
            remedy = named_like(timezone, available_timezones())
            self._findings.append(file.finding((*place, "timezone"), f"{timezone!r} is no time zone", remedy))
        if country and not is_country(country):
            self._findings.append(
                file.finding(("sender", "country"), f"{country!r} is no country", "use a code such as DE or CH")
            )
        return language if is_language(language) else ""

    def _calendars(self, file: YamlFile) -> Iterator[tuple[str, Calendar | None]]:
        timezone = _text_at(file, "locale", "timezone")
        for name, shaped in _section(file, "calendars", CalendarShape):
            calendar, wrong = calendar_of(name, shaped, file, timezone=timezone)
            self._findings += wrong
            yield name, calendar

    def _every_day(self, file: YamlFile) -> Calendar | None:
        """Return the calendar of those who name none: it has the project's clock and no free days."""
        calendar, _ = calendar_of("", EVERY_DAY, file, timezone=_text_at(file, "locale", "timezone"))
        return calendar

    def _tables(self) -> Iterator[tuple[str, TableText | None]]:
        first: dict[str, str] = {}
        endings = dict.fromkeys(f".{form.rpartition('.')[2]}" for form in (*FORMS, *FOREIGN_FORMS))
        for name, path, file in (one for ending in endings for one in self._files(TABLES, ending)):
            if form_of(path) in FOREIGN_FORMS:
                self._find(file, "a table in a form of other products decides nothing here", _CONVERT)
                continue
            table, wrong = read_table_file(path, file=file)
            self._findings += wrong
            if table is None and (part := read_part_of_table_file(path, file=file)) is not None:
                self._parts_of_tables[name] = part
            if name in first:
                self._find(
                    file, f"the table stands in {first[name]} too", "keep it in one form: xconnector tables convert"
                )
                continue
            first[name] = file
            if table is not None and table.table.name != name:
                self._find(file, f"the table inside is called {table.table.name!r}", "call the file so")
            yield name, table

    def _mappings(self) -> Iterator[tuple[str, RecordMapping | None]]:
        for name, path, file in self._files(MAPPINGS, ".yaml"):
            content, wrong = read_yaml(path, file)
            self._findings += wrong
            mapping, wrong = parse_mapping(name, content) if content is not None else (None, [])
            self._findings += wrong
            self._findings += misnamed([name])
            yield name, mapping

    def _communications(self, calendars: Calendars) -> Iterator[tuple[str, KnownCommunication | None]]:
        for name, path, file in self._files(COMMUNICATIONS, ".yaml"):
            content, wrong = read_yaml(path, file)
            self._findings += wrong
            shaped = self._shaped(CommunicationShape, content) if content is not None else None
            if content is None or shaped is None:
                yield name, None
                continue
            kind, wrong = communication_of(name, shaped, content, calendars)
            self._findings += wrong
            yield name, None if kind is None else KnownCommunication(file=content, kind=kind)

    def _files(self, part: str, suffix: str) -> Iterator[tuple[str, Path, str]]:
        """Yield name, path and how findings call it, for each file of a part of the project."""
        folder = self._folder / part
        if not folder.is_dir():
            return
        for path in sorted(folder.iterdir()):
            file = f"{part}/{path.name}"
            if path.suffix == suffix and path.is_file() and not path.is_symlink():
                yield path.stem, path, file
            elif path.suffix == ".yml":
                self._find(file, "a file that ends in .yml is not read", "name it .yaml")


def _section(file: YamlFile, name: str, model: type[M]) -> Iterator[tuple[str, M]]:
    """Yield what is well formed in a section; the rest is complained of with the whole file's shape."""
    content = file.content.get(name) if isinstance(file.content, dict) else None
    for key, spelled in content.items() if isinstance(content, dict) else ():
        shaped, _ = shape(model, spelled, Shaped(file=file))
        if shaped is not None:
            yield key, shaped


def _feed(name: str, feed: FeedShape) -> Feed:
    return Feed(
        name=name,
        event=feed.event,
        mapping=feed.mapping,
        connection=feed.connection,
        contract=feed.contract,
        fresh_within=feed.fresh_within,
        expected=None if feed.expected is None else SpeakingTimes(**feed.expected.model_dump()),
        drop=feed.drop,
        every=feed.every,
        at=feed.at,
        has_own_keys=feed.customer_keys == "own",
        changes=feed.changes,
    )


def _checks(file: YamlFile) -> ChecksChoice:
    """Return the checks, or none where they are wrong: that is complained of with the whole file's shape."""
    content = file.content.get("checks") if isinstance(file.content, dict) else None
    shaped, _ = (None, []) if content is None else shape(ChecksShape, content, Shaped(file=file))
    return NO_CHECKS if shaped is None else checks_of(shaped)


def _names(file: YamlFile, section: str) -> Iterator[str]:
    content = file.content.get(section) if isinstance(file.content, dict) else None
    yield from content if isinstance(content, dict) else ()


def _text_at(file: YamlFile, section: str, key: str) -> str:
    content = file.content.get(section) if isinstance(file.content, dict) else None
    value = content.get(key) if isinstance(content, dict) else None
    return value if isinstance(value, str) else ""


def _project(folder: Path, shaped: ProjectShape, known: Known, survivorship: Survivorship) -> Project:
    """Put a faultless project together."""
    return Project(
        name=shaped.project,
        folder=folder,
        locale=Locale(**shaped.locale.model_dump()),
        sender=_sender(shaped.sender),
        home_country=shaped.sender.country or home_of(shaped.locale.language),
        connections=dict(_connections(shaped, known)),
        feeds=known.feeds,
        people={name: Person(name=name, roles=frozenset(one.roles)) for name, one in shaped.people.items()},
        record_classes={
            name: RecordClass(name=name, years=one.years, authority=one.authority)
            for name, one in shaped.record_classes.items()
        },
        checks=known.checks,
        designs={
            name: {template: design.settings for template, design in designs.items()}
            for name, designs in known.designs.items()
        },
        communications=dict(_kinds(known)),
        tables={name: text.table for name, text in known.tables.items() if text is not None},
        mappings=versions_of({name: mapping for name, mapping in known.mappings.items() if mapping is not None}),
        contracts={name: contract for name, contract in known.contracts.items() if contract is not None},
        content_sha256=content_sha256(folder),
        matching=known.matching,
        customer_fields=known.customer_fields,
        calendars={name: calendar for name, calendar in known.calendars.items() if calendar is not None},
        survivorship=survivorship,
        speakers=speakers_of(shaped.speakers, known),
        governance=governance_of(shaped.tables),
        write_backs=write_backs_of(shaped.write_back),
        keep_requests=shaped.feedback.keep_requests,
    )


def _sender(sender: SenderShape) -> dict[str, object]:
    """Return the sender's words as templates get them: JSON types only."""
    return sender.model_dump(mode="json")


def _connections(shaped: ProjectShape, known: Known) -> Iterator[tuple[str, Connection]]:
    for name, one in shaped.connections.items():
        row = known.connections[name]
        if row.settings is not None and row.manifest is not None:
            limits = one.limits.limits(
                call_timeout=row.manifest.call_timeout,
                retry_waits=row.manifest.retry_waits,
                final_report_after=row.manifest.final_report_after,
                acknowledged_after=row.manifest.acknowledged_after,
            )
            medium = row.manifest.medium_of(row.settings)
            yield (
                name,
                Connection(
                    name=name,
                    connector=one.connector,
                    settings=row.settings,
                    limits=limits,
                    medium=medium,
                    further_providers=one.further_providers,
                ),
            )


def _kinds(known: Known) -> Iterator[tuple[str, CommunicationKind]]:
    for name, one in known.communications.items():
        if one is not None:
            yield name, one.kind


def content_sha256(folder: Path) -> str:
    """Return one digest over every file that decides or shapes a communication, and their names."""
    digest = hashlib.sha256()
    parts = [folder / part for part in (COMMUNICATIONS, CONTRACTS, CUSTOMERS, MAPPINGS, TABLES, TEMPLATES)]
    files = [path for part in parts for path in part.rglob("*") if path.is_file() and not path.is_symlink()]
    for path in sorted([folder / PROJECT_FILE, *files]):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return digest.hexdigest()
