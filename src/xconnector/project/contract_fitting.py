"""Whether feeds and the contracts of their sources fit together."""

from collections.abc import Iterator

from xconnector.project.findings import Finding, named_like
from xconnector.project.known import Known
from xconnector.project.mapping_paths import paths_read
from xconnector.project.model import Feed
from xconnector.project.promised_paths import unpromised
from xconnector.project.source_contract import SourceContract
from xconnector.project.yaml_file import read_yaml

_MAPPINGS = "mappings"


def contract_misfits(known: Known) -> Iterator[Finding]:
    """Yield what does not fit: contracts that are not there, and paths that mappings read and nobody promised."""
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
    if known.mappings.get(feed.mapping) is None:
        return
    name = f"{feed.mapping}.yaml"
    file, _ = read_yaml(known.folder / _MAPPINGS / name, f"{_MAPPINGS}/{name}")
    if file is None:
        return
    for place, path in paths_read(file):
        if (wrong := unpromised(path, contract)) is not None:
            message, remedy = wrong
            yield file.finding(place, f"{path}: {message}", remedy)
