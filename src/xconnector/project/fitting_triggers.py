"""Whether what a trigger says of fields fits the mappings of its events."""

from collections.abc import Iterator

from xconnector.domain.trigger.rules import CUSTOMER, Listening, TriggerRules
from xconnector.project.findings import Finding, named_like
from xconnector.project.known import Known, KnownCommunication
from xconnector.project.yaml_file import Place


def trigger_misfits(one: KnownCommunication, known: Known) -> Iterator[Finding]:
    """Yield what names fields that the mappings of an event do not have, or events that no feed takes."""
    rules = one.kind.rules
    for place, name in _fields(rules):
        yield from _without_field(one, known, one.kind.event, ("on", *place), name)
    if rules.parent is not None:
        yield from _listening(one, known, rules.parent.listening, ("on", "after"))
    for at, counter in enumerate(rules.counters):
        yield from _listening(one, known, counter.listening, ("on", "cancelled_by", at))


def _fields(rules: TriggerRules) -> Iterator[tuple[Place, str]]:
    """Yield the fields of the event itself, and where they are named."""
    for name in rules.once.fields if rules.once else ():
        yield ("once_per",), name
    for name in rules.order.fields if rules.order else ():
        yield ("order_by",), name
    for name in rules.collapse.fields if rules.collapse else ():
        yield ("collapse", "key"), name
    if rules.start is not None and rules.start.field is not None:
        yield ("start", "field"), rules.start.field


def _listening(one: KnownCommunication, known: Known, listening: Listening, place: Place) -> Iterator[Finding]:
    """Yield what is wrong with an event that is listened for."""
    events = {feed.event for feed in known.feeds.values()}
    if listening.event not in events:
        message = f"no feed takes events of type {listening.event!r}"
        yield one.file.finding(
            (*place, "event"), message, f"add one to xconnector.yaml, or {named_like(listening.event, events)}"
        )
    for ours, theirs in listening.fields:
        yield from _without_field(one, known, one.kind.event, (*place, "key"), ours)
        yield from _without_field(one, known, listening.event, (*place, "key"), theirs)
    for name in listening.where:
        yield from _without_field(one, known, listening.event, (*place, "where", name), name)


def _without_field(one: KnownCommunication, known: Known, event: str, place: Place, name: str) -> Iterator[Finding]:
    for feed in known.feeds.values():
        mapping = known.mappings.get(feed.mapping)
        if feed.event != event or mapping is None or name in {CUSTOMER, *mapping.fields}:
            continue
        message = f"mapping {feed.mapping!r} of feed {feed.name!r} has no field {name!r}"
        yield one.file.finding(place, message, named_like(name, [CUSTOMER, *mapping.fields]))
