"""The parts of the bench, each by the name under which it is asked for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xconnector.testing.bench.bundle import compare
from xconnector.testing.bench.composer import measure_memory, measure_speed
from xconnector.testing.bench.customers import customer_figures
from xconnector.testing.bench.decisions import decision_figures
from xconnector.testing.bench.exstream import exstream_figures
from xconnector.testing.bench.latency import latency_figures
from xconnector.testing.bench.mappings import mapping_figures
from xconnector.testing.bench.measured import Figure
from xconnector.testing.bench.memory import memory_figures
from xconnector.testing.bench.orchestration import orchestration_figures
from xconnector.testing.bench.replay import replay_figures
from xconnector.testing.bench.web_intake import web_intake_figures
from xconnector.testing.bench.web_reports import web_report_figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured; everything is in proportion to the records of one run."""

    records: int = 20_000
    rounds: int = 3

    def scaled(self, usual: int, *, least: int) -> int:
        """Return what is measured of something that is usually measured so much."""
        return max(least, usual * self.records // 20_000)


Part: TypeAlias = Callable[[str, Size], Sequence[Figure]]


def _orchestration(server_url: str, size: Size) -> Sequence[Figure]:
    return orchestration_figures(server_url, records=size.records, batch_size=500, rounds=size.rounds)


def _composer(_server_url: str, size: Size) -> Sequence[Figure]:
    rounds = size.rounds + 2 if size.rounds > 1 else 1
    letter = measure_speed("letter", rounds=rounds, documents=size.scaled(200, least=5))
    statement = measure_speed("statement", rounds=rounds, documents=size.scaled(40, least=2))
    memory = measure_memory(documents=size.scaled(5000, least=200))
    return [
        Figure(name="letters per CPU second", value=1000 / letter.product),
        Figure(name="letters over bare Typst", value=letter.share_of_bare, goal=">= 0.85"),
        Figure(name="letters over the same steps, bare", value=letter.share_of_bare_whole),
        Figure(name="statements (3 pages) per CPU second", value=1000 / statement.product),
        Figure(name="statements over bare Typst", value=statement.share_of_bare, goal=">= 0.85"),
        Figure(name="statements over the same steps, bare", value=statement.share_of_bare_whole),
        Figure(name="composer's memory after all over after 100", value=memory.growth, goal="<= 1.1"),
    ]


def _memory(server_url: str, size: Size) -> Sequence[Figure]:
    small, large = size.scaled(10_000, least=500), size.scaled(100_000, least=1000)
    return memory_figures(server_url, small=small, large=large)


def _print_memory(server_url: str, size: Size) -> Sequence[Figure]:
    small, large = size.scaled(10_000, least=50), size.scaled(30_000, least=200)
    return memory_figures(server_url, small=small, large=large, by_print=True)


def _bundles(_server_url: str, size: Size) -> Sequence[Figure]:
    small, large = size.scaled(1000, least=30), size.scaled(10_000, least=60)
    found = compare(small=small, large=large, rounds=size.rounds)
    return [
        Figure(name=f"letters per CPU second, bundles of {small:,}", value=found.small.documents_per_cpu_second),
        Figure(name="bundled over plainly merged", value=found.share_of_plain),
        Figure(name=f"speed at {large:,} over {small:,}", value=found.speed_when_large),
        Figure(name=f"press's memory at {large:,}", value=found.large.press_megabytes, unit="MiB"),
        Figure(name=f"press's memory at {large:,} over {small:,}", value=found.memory_when_large),
        Figure(name=f"memory of who hands over {large:,}", value=found.large.own_megabytes, unit="MiB"),
    ]


def _latency(server_url: str, size: Size) -> Sequence[Figure]:
    return latency_figures(server_url, events=size.scaled(200, least=10), run_records=size.scaled(40_000, least=500))


def _exstream(_server_url: str, size: Size) -> Sequence[Figure]:
    small, large = size.scaled(10_000, least=100), size.scaled(100_000, least=1000)
    return exstream_figures(customers=size.records, small=small, large=large, rounds=size.rounds)


def _decisions(_server_url: str, size: Size) -> Sequence[Figure]:
    return decision_figures(decisions=size.scaled(200_000, least=1000), rounds=size.rounds)


def _replay(server_url: str, size: Size) -> Sequence[Figure]:
    small, large = size.scaled(100_000, least=1000), size.scaled(1_000_000, least=2000)
    return replay_figures(server_url, small=small, large=large)


def _customers(server_url: str, size: Size) -> Sequence[Figure]:
    small, large = size.scaled(100_000, least=100), size.scaled(1_000_000, least=1000)
    return customer_figures(server_url, small=small, large=large)


def _mappings(_server_url: str, size: Size) -> Sequence[Figure]:
    return mapping_figures(records=size.scaled(50_000, least=1000), rounds=size.rounds)


def _intake(server_url: str, size: Size) -> Sequence[Figure]:
    return web_intake_figures(server_url, events=size.scaled(10_000, least=50))


def _reports(server_url: str, size: Size) -> Sequence[Figure]:
    return web_report_figures(server_url, events=size.scaled(20_000, least=50))


PARTS: Mapping[str, Part] = {
    "orchestration": _orchestration,
    "composer": _composer,
    "memory": _memory,
    "print-memory": _print_memory,
    "bundles": _bundles,
    "latency": _latency,
    "intake": _intake,
    "reports": _reports,
    "exstream": _exstream,
    "replay": _replay,
    "decisions": _decisions,
    "mappings": _mappings,
    "customers": _customers,
}
