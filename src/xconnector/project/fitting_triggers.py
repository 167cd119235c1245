"""Whether what a trigger says of fields fits the mappings of its events."""

from collections.abc import Iterator

from xconnector.domain.trigger.rules import CUSTOMER, TriggerRules
from xconnector.project.findings import Finding, named_like
from xconnector.project.known import Known, KnownCommunication
from xconnector.project.yaml_file import Place


def trigger_misfits(one: KnownCommunication, known: Known) -> Iterator[Finding]:
    """Yield what names fields that the mappings of an event do not have."""
    for place, name in _fields(one.kind.rules):
        yield from _without_field(one, known, one.kind.event, ("on", *place), name)


def _fields(rules: TriggerRules) -> Iterator[tuple[Place, str]]:
    for name in rules.once.fields if rules.once else ():
        yield ("once_per",), name
    if rules.start is not None and rules.start.field is not None:
        yield ("start", "field"), rules.start.field


def _without_field(one: KnownCommunication, known: Known, event: str, place: Place, name: str) -> Iterator[Finding]:
    for feed in known.feeds.values():
        mapping = known.mappings.get(feed.mapping)
        if feed.event != event or mapping is None or name in {CUSTOMER, *mapping.fields}:
            continue
        message = f"mapping {feed.mapping!r} of feed {feed.name!r} has no field {name!r}"
        yield one.file.finding(place, message, named_like(name, [CUSTOMER, *mapping.fields]))
