"""Whether the parts of a project fit together: one function a rule."""

from collections.abc import Iterator, Mapping
from typing import Any

from xconnector.contract.errors import ConnectorError
from xconnector.contract.manifest import DesignFile, DesignUse
from xconnector.domain.document import RenditionKind
from xconnector.project.connection_settings import CONNECTIONS, KnownConnection, Role, is_no_source, without_role
from xconnector.project.designs import design_file_of, design_misfits, missing_design, paths_to_nowhere
from xconnector.project.files import SenderShape
from xconnector.project.findings import Finding, named_like
from xconnector.project.fitting_tables import connections_named, table_misfits
from xconnector.project.fitting_triggers import trigger_misfits
from xconnector.project.formats import is_language
from xconnector.project.known import Known, KnownCommunication
from xconnector.project.mapping import RecordMapping
from xconnector.project.model import Feed
from xconnector.project.presentation import sample_of
from xconnector.project.promise_fitting import promise_misfits
from xconnector.project.provider_fitting import provider_misfits
from xconnector.project.routing import (
    NO_REVIEW,
)
from xconnector.project.templates import missing_files


def misfits(known: Known) -> Iterator[Finding]:
    """Yield everything that does not fit together."""
    yield from _feeds(known)
    yield from promise_misfits(known)
    yield from _webhooks(known)
    yield from provider_misfits(known)
    yield from table_misfits(known)
    for communication in known.communications.values():
        if communication is not None:
            yield from _communication(communication, known)


# ---------------------------------------------------------------------------- feeds


def _feeds(known: Known) -> Iterator[Finding]:
    sent: dict[str, str] = {}
    yield from _drops(known)
    yield from _streams(known)
    for feed in known.feeds.values():
        place = ("feeds", feed.name)
        names = {name.partition("@")[0] for name in known.mappings}
        if feed.mapping not in names:
            remedy = named_like(feed.mapping, names)
            yield known.file.finding((*place, "mapping"), f"there is no mapping {feed.mapping!r}", remedy)
        if feed.connection is not None:
            for message, remedy in is_no_source(known.connections, feed.connection):
                yield known.file.finding((*place, "connection"), message, remedy)
        elif feed.event in sent:
            message = f"feed {sent[feed.event]!r} takes events of type {feed.event} too"
            yield known.file.finding((*place, "event"), message, "keep one: an event has one mapping")
        else:
            sent[feed.event] = feed.name


def _drops(known: Known) -> Iterator[Finding]:
    emptied: dict[str, str] = {}
    for feed in known.feeds.values():
        place = ("feeds", feed.name, "drop")
        if feed.drop is None:
            continue
        for message, remedy in without_role(known.connections, feed.drop, Role.FILE_DROP):
            yield known.file.finding(place, message, remedy)
        if feed.connection is None:
            remedy = "add `connection`, the one that reads them, such as a csv_file"
            yield known.file.finding(place, "nothing reads the files that arrive", remedy)
        if feed.drop in emptied:
            message = f"feed {emptied[feed.drop]!r} takes the files of {feed.drop!r} too"
            yield known.file.finding(place, message, "give each a connection of its own, with its own `names`")
        emptied[feed.drop] = feed.name


def _webhooks(known: Known) -> Iterator[Finding]:
    for name, connection in known.connections.items():
        try:
            tells_type = connection.tells_type()
        except (ConnectorError, ImportError) as wrong:
            message = f"the connection cannot be made: {wrong}"
            yield known.file.finding((CONNECTIONS, name), message, "mend its settings")
            continue
        feeds = [feed for feed in known.feeds.values() if feed.connection == name]
        if not tells_type and len(feeds) != 1:
            message = f"{len(feeds)} feeds take the webhooks of connection {name!r}, whose records name no type"
            remedy = "let one feed name the connection, or say by `type` where the event's type stands"
            yield known.file.finding((CONNECTIONS, name), message, remedy)


def _streams(known: Known) -> Iterator[Finding]:
    listening: dict[str | None, str] = {}
    for feed in known.feeds.values():
        if not _is_listened_to(feed, known):
            continue
        if feed.connection in listening:
            message = f"feed {listening[feed.connection]!r} listens to connection {feed.connection!r} too"
            remedy = "keep one: CloudEvents of other types find a feed without connection by their type"
            yield known.file.finding(("feeds", feed.name, "connection"), message, remedy)
        listening[feed.connection] = feed.name


def _is_listened_to(feed: Feed, known: Known) -> bool:
    """Say whether a feed's connection is a broker, whose messages come one by one."""
    connection = known.connections.get(feed.connection or "")
    declared = connection.manifest if connection is not None else None
    return declared is not None and declared.stream_source is not None


# ---------------------------------------------------------------------------- communications


def _communication(one: KnownCommunication, known: Known) -> Iterator[Finding]:
    yield from _title(one, known)
    yield from _composer(one, known)
    yield from _archive(one, known)
    yield from _review(one, known)
    yield from _event(one, known)
    yield from trigger_misfits(one, known)
    yield from _renditions(one, known)


def _title(one: KnownCommunication, known: Known) -> Iterator[Finding]:
    for language in one.kind.title:
        if not is_language(language):
            yield one.file.finding(("title", language), f"{language!r} is no language", "use codes such as de, en, fr")
    if known.language and known.language not in one.kind.title:
        message = f"the title lacks the project's own language {known.language!r}"
        yield one.file.finding(("title",), message, "add it: customers of other languages get that one")


def _composer(one: KnownCommunication, known: Known) -> Iterator[Finding]:
    for message, remedy in without_role(known.connections, one.kind.template.composer, Role.COMPOSER):
        yield one.file.finding(("template", "composer"), message, remedy)


def _archive(one: KnownCommunication, known: Known) -> Iterator[Finding]:
    archive = one.kind.archive
    for message, remedy in without_role(known.connections, archive.connection, Role.ARCHIVE):
        yield one.file.finding(("archive", "connection"), message, remedy)
    if isinstance(archive.record_class, str) and archive.record_class not in known.record_classes:
        remedy = named_like(archive.record_class, known.record_classes)
        yield one.file.finding(("archive", "class"), f"there is no record class {archive.record_class!r}", remedy)


def _review(one: KnownCommunication, known: Known) -> Iterator[Finding]:
    if isinstance(one.kind.review, str) and one.kind.review not in known.roles:
        remedy = named_like(one.kind.review, {*known.roles, NO_REVIEW})
        yield one.file.finding(("review",), f"nobody has the role {one.kind.review!r}", remedy)


def _event(one: KnownCommunication, known: Known) -> Iterator[Finding]:
    feeds = [feed for feed in known.feeds.values() if feed.event == one.kind.event]
    if not feeds:
        remedy = named_like(one.kind.event, {feed.event for feed in known.feeds.values()})
        message = f"no feed takes events of type {one.kind.event!r}"
        yield one.file.finding(("on", "event"), message, f"add one to xconnector.yaml, or {remedy}")
    for feed in feeds:
        yield from _mapped_fields(one, feed, known)


def _mapped_fields(one: KnownCommunication, feed: Feed, known: Known) -> Iterator[Finding]:
    for file_name, mapping in known.mappings.items():
        if mapping is not None and file_name.partition("@")[0] == feed.mapping:
            yield from _fields_of(one, feed, mapping)


def _fields_of(one: KnownCommunication, feed: Feed, mapping: RecordMapping) -> Iterator[Finding]:
    for name in one.kind.where:
        if name not in mapping.fields:
            message = f"mapping {mapping.name!r} of feed {feed.name!r} has no field {name!r}"
            yield one.file.finding(("on", "where", name), message, named_like(name, mapping.fields))
    for name in one.kind.condition.fields if one.kind.condition else ():
        if name not in mapping.fields:
            message = f"the condition looks at data.{name}: mapping {mapping.name!r} has no such field"
            yield one.file.finding(("on", "condition"), message, named_like(name, mapping.fields))
    for name, type_ in one.kind.contract.fields.items():
        if name not in mapping.fields and not type_.is_optional:
            message = f"mapping {mapping.name!r} of feed {feed.name!r} has no field {name!r}"
            remedy = f"add it to mappings/{mapping.name}.yaml; {named_like(name, mapping.fields)}"
            yield one.file.finding(("data", name), message, remedy)


# ---------------------------------------------------------------------------- a communication and its templates


def _renditions(one: KnownCommunication, known: Known) -> Iterator[Finding]:
    composer = known.connections.get(one.kind.template.composer)
    if composer is None or composer.manifest is None:
        return
    if (design_file := design_file_of(composer)) is not None:
        yield from _design(one, known, composer, design_file)
        return
    # The letter is the record, whatever channel the customer sees.
    kinds = {RenditionKind.LETTER}
    for name in sorted(connections_named(one.kind, known)):
        connection = known.connections.get(name)
        if connection is None:
            continue
        try:
            kinds |= connection.takes()
        except (ConnectorError, ImportError) as wrong:
            yield known.file.finding(
                ("connections", name), f"the connection cannot be made: {wrong}", "mend its settings"
            )
    for message, remedy in missing_files(known.folder, one.kind.template.name, kinds):
        yield one.file.finding(("template", "name"), message, remedy)


def _design(
    one: KnownCommunication, known: Known, composer: KnownConnection, design_file: DesignFile
) -> Iterator[Finding]:
    template = one.kind.template.name
    for message, remedy in missing_design(known.folder, template, design_file):
        yield one.file.finding(("template", "name"), message, remedy)
    design = known.designs[design_file.name].get(template)
    if design is not None:
        feeds = [feed for feed in known.feeds.values() if feed.event == one.kind.event]
        use = DesignUse(comes_singly=any(feed.connection is None or _is_listened_to(feed, known) for feed in feeds))
        yield from design_misfits(design, design_file, composer, use)
        sample = sample_of(one.kind.contract, _sender(known))
        yield from paths_to_nowhere(design, design_file, sample, communication=one.kind.name)


def _sender(known: Known) -> Mapping[str, Any]:
    """Return what templates may find of the sender, who may have words of the project's own."""
    said = known.file.content.get("sender") if isinstance(known.file.content, dict) else None
    usual = dict.fromkeys(SenderShape.model_fields)
    return {**usual, **said} if isinstance(said, dict) else usual
