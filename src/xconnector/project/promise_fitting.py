"""Whether feeds and what is promised of their sources fit together."""

from collections.abc import Iterator

from xconnector.project.findings import Finding, named_like
from xconnector.project.known import Known, KnownCommunication
from xconnector.project.mapping_paths import paths_read
from xconnector.project.model import Feed
from xconnector.project.promised_paths import unpromised
from xconnector.project.source_contract import SourceContract
from xconnector.project.yaml_file import read_yaml

_MAPPINGS = "mappings"


def promise_misfits(known: Known) -> Iterator[Finding]:
    """Yield what does not fit: what is named and not there, and paths that mappings read and nobody promised."""
    yield from _contracts(known)
    for feed in known.feeds.values():
        calendar = feed.expected.calendar if feed.expected is not None else None
        if calendar is not None and calendar not in known.calendars:
            place = ("feeds", feed.name, "expected", "calendar")
            yield known.file.finding(place, f"there is no calendar {calendar!r}", named_like(calendar, known.calendars))
    for communication in known.communications.values():
        if communication is not None:
            yield from _needs(communication, known)


def _needs(one: KnownCommunication, known: Known) -> Iterator[Finding]:
    promising = [feed.name for feed in known.feeds.values() if feed.fresh_within is not None]
    for name in one.kind.needs_fresh:
        if name not in promising:
            message = f"no feed {name!r} has a `fresh_within`" if name in known.feeds else f"there is no feed {name!r}"
            yield one.file.finding(("needs_fresh", name), message, named_like(name, promising))


def _contracts(known: Known) -> Iterator[Finding]:
    proven: set[tuple[str, str]] = set()
    for feed in known.feeds.values():
        if feed.contract is None:
            continue
        if feed.contract not in known.contracts:
            place = ("feeds", feed.name, "contract")
            remedy = named_like(feed.contract, known.contracts)
            yield known.file.finding(place, f"there is no contract {feed.contract!r}", remedy)
        contract = known.contracts.get(feed.contract)
        if contract is not None and (feed.mapping, contract.name) not in proven:
            proven.add((feed.mapping, contract.name))
            yield from _unpromised(known, feed, contract)


def _unpromised(known: Known, feed: Feed, contract: SourceContract) -> Iterator[Finding]:
    for file_name, mapping in known.mappings.items():
        # Every version of it: `policy.yaml`, and `policy@2026-12-01.yaml`.
        if mapping is None or file_name.partition("@")[0] != feed.mapping:
            continue
        name = f"{file_name}.yaml"
        file, _ = read_yaml(known.folder / _MAPPINGS / name, f"{_MAPPINGS}/{name}")
        if file is None:
            continue
        for place, path in paths_read(file):
            if (wrong := unpromised(path, contract)) is not None:
                yield file.finding(place, f"{path}: {wrong[0]}", wrong[1])
