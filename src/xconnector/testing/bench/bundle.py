"""Print bundles against plainly merged PDFs: the same letters, with marks and blank backs on our side only.

`python -m xconnector.testing.bench.bundle` prints the figures as JSON.
"""

import asyncio
import io
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import pikepdf

from xconnector.connectors.embedded.composer import EmbeddedComposer
from xconnector.connectors.embedded.settings import EmbeddedSettings
from xconnector.connectors.print_house.channel import PrintHouse
from xconnector.connectors.print_house.settings import PrintHouseSettings
from xconnector.contract.channel import Bundle, Dispatch
from xconnector.contract.composer import Composition
from xconnector.contract.manifest import Surroundings
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.testing.bench.composer import order_of
from xconnector.testing.dispatches import sample_dispatch

HERE = Path(__file__).parent
_LETTER = frozenset({RenditionKind.LETTER})
_SMALL, _LARGE = 1000, 10_000
_MODULE = "xconnector.testing.bench.bundle"
_ASIDE = "measure"
"""First argument of the process that makes one bundle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleCost:
    """What one bundle cost, in all processes together."""

    documents: int
    cpu_seconds: float
    press_megabytes: float
    """Most memory that the press held at once."""
    own_megabytes: float
    """By how much the memory of the process that handed the letters over grew."""

    @property
    def documents_per_cpu_second(self) -> float:
        return self.documents / self.cpu_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleComparison:
    """A small bundle, a large one, and the small one plainly merged."""

    small: BundleCost
    large: BundleCost
    plain_seconds: float

    @property
    def share_of_plain(self) -> float:
        """Documents per CPU second over those that are plainly merged."""
        return self.plain_seconds / self.small.cpu_seconds

    @property
    def speed_when_large(self) -> float:
        """Documents per CPU second of the large bundle over those of the small one."""
        return self.large.documents_per_cpu_second / self.small.documents_per_cpu_second

    @property
    def memory_when_large(self) -> float:
        """What the press held for the large bundle over what it held for the small one."""
        return self.large.press_megabytes / self.small.press_megabytes


def compare(*, small: int = _SMALL, large: int = _LARGE, rounds: int = 3) -> BundleComparison:
    """Measure bundles of so many letters, the small one and the plainly merged one in turn."""
    letters = _composed_letters()
    costs: list[BundleCost] = []
    plain: list[float] = []
    for _ in range(rounds):
        costs.append(_measured_aside(letters, small))
        plain.append(_plain_merge_seconds(letters, small))
    return BundleComparison(
        small=sorted(costs, key=lambda cost: cost.cpu_seconds)[len(costs) // 2],
        large=_measured_aside(letters, large),
        plain_seconds=median(plain),
    )


def ratios() -> dict[str, float]:
    """Return the figures as JSON tells them."""
    found = compare()
    return {
        "bundled_letters_per_cpu_second": found.small.documents_per_cpu_second,
        "bundled_letters_over_plainly_merged": found.share_of_plain,
        "speed_at_10000_over_1000": found.speed_when_large,
        "press_megabytes_at_10000": found.large.press_megabytes,
        "press_memory_at_10000_over_1000": found.memory_when_large,
        "own_megabytes_at_10000": found.large.own_megabytes,
    }


def _composed_letters() -> list[Rendition]:
    """Return letters of one to three pages, tagged and archivable, as the product composes them."""
    return asyncio.run(_compose())


async def _compose() -> list[Rendition]:
    orders = [order_of("statement" if number % 3 == 0 else "letter", number) for number in range(30)]
    with TemporaryDirectory() as state:
        surroundings = Surroundings(project_folder=HERE, state_folder=Path(state))
        async with EmbeddedComposer(EmbeddedSettings(processes=1), surroundings) as composer:
            results = await composer.compose(orders)
    return [result.renditions[0] for result in results if isinstance(result, Composition)]


def _plain_merge_seconds(letters: Sequence[Rendition], count: int) -> float:
    """Return the processor time of appending page after page, as one would write it first."""
    before = time.process_time()
    with pikepdf.new() as merged:
        for number in range(count):
            with pikepdf.open(io.BytesIO(letters[number % len(letters)].content)) as letter:
                merged.pages.extend(letter.pages)
        merged.save(io.BytesIO(), object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return time.process_time() - before


def _measured_aside(letters: Sequence[Rendition], count: int) -> BundleCost:
    """Measure in a fresh process, whose memory and children are of this bundle alone."""
    with TemporaryDirectory() as folder:
        for number, letter in enumerate(letters):
            (Path(folder) / f"{number:03}-{letter.pages}.pdf").write_bytes(letter.content)
        command = [sys.executable, "-m", _MODULE, _ASIDE, str(count), folder]
        told = subprocess.run(command, check=True, capture_output=True, text=True)
    return BundleCost(**json.loads(told.stdout))


async def _measure(count: int, folder: Path) -> BundleCost:
    letters = _letters_in(folder)
    settings = PrintHouseSettings.model_validate({"destination": {"kind": "folder", "folder": "print"}, "marks": "omr"})
    bundle = Bundle(bundle_key="bench", created_at=datetime(2026, 11, 23, tzinfo=UTC), pieces=count, run=None)
    surroundings = Surroundings(project_folder=folder, state_folder=folder / "state")
    async with PrintHouse(settings, surroundings) as print_house:
        own_before = _megabytes(resource.RUSAGE_SELF)
        cpu_before = time.process_time()
        await print_house.send_bundle(bundle, _pieces(letters, count))
        own_cpu = time.process_time() - cpu_before
    press = resource.getrusage(resource.RUSAGE_CHILDREN)
    return BundleCost(
        documents=count,
        cpu_seconds=own_cpu + press.ru_utime + press.ru_stime,
        press_megabytes=_megabytes(resource.RUSAGE_CHILDREN),
        own_megabytes=_megabytes(resource.RUSAGE_SELF) - own_before,
    )


def _letters_in(folder: Path) -> list[Rendition]:
    return [
        Rendition.of(RenditionKind.LETTER, path.read_bytes(), pages=int(path.stem.rpartition("-")[2]))
        for path in sorted(folder.glob("*.pdf"))
    ]


def _pieces(letters: Sequence[Rendition], count: int) -> Iterator[Dispatch]:
    sample = sample_dispatch(1, _LETTER)
    for number in range(count):
        letter = letters[number % len(letters)]
        yield replace(sample, dispatch_key=f"dispatch-{number}", renditions={RenditionKind.LETTER: letter})


def _megabytes(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / 1024


def main(arguments: Sequence[str]) -> None:
    match arguments:
        case [name, count, folder] if name == _ASIDE:
            told = asdict(asyncio.run(_measure(int(count), Path(folder))))
        case _:
            told = ratios()
    print(json.dumps(told, indent=2))  # noqa: T201 - that is what it is for


if __name__ == "__main__":
    main(sys.argv[1:])
