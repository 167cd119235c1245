"""The embedded composer against bare Typst: same templates, data and fonts, one processor each, in turn.

`python -m xconnector.testing.bench.composer` prints the figures as JSON.
"""

import asyncio
import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from xconnector.connectors.embedded.composer import EmbeddedComposer
from xconnector.connectors.embedded.settings import EmbeddedSettings
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError
from xconnector.contract.manifest import Surroundings
from xconnector.domain.document import RenditionKind
from xconnector.testing.bench.bare_typst import seconds_for_documents, seconds_for_pdfs
from xconnector.testing.orders import sample_order, with_data

HERE = Path(__file__).parent
_SLICE = 25
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How one kind of document is composed: CPU milliseconds a document, medians of all rounds."""

    bare: float
    """Bare Typst: the PDF alone, compiler and fonts kept ready."""
    bare_whole: float
    """The same with what makes it our document: its mark drawn, the PDF packed and hashed."""
    product: float
    """The product, all its processes together."""
    kilobytes: float
    """Size of one document of the product."""

    @property
    def share_of_bare(self) -> float:
        """Documents per CPU second of the product over those of bare Typst."""
        return self.bare / self.product

    @property
    def share_of_bare_whole(self) -> float:
        """Documents per CPU second of the product over those of the same steps with nothing around them."""
        return self.bare_whole / self.product


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seconds:
    """CPU seconds that the same documents took."""

    bare: float = 0.0
    bare_whole: float = 0.0
    product: float = 0.0

    def __add__(self, other: "_Seconds") -> "_Seconds":
        return _Seconds(
            bare=self.bare + other.bare,
            bare_whole=self.bare_whole + other.bare_whole,
            product=self.product + other.product,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Resident bytes of one process that composes letters."""

    after_100: int
    after_all: int

    @property
    def growth(self) -> float:
        return self.after_all / self.after_100


def measure_speed(kind: str, *, rounds: int = 5, documents: int = 200) -> Speed:
    """Measure `letter` (one page) or `statement` (80 rows on three pages)."""
    return asyncio.run(_speed(kind, rounds=rounds, documents=documents))


def measure_memory(*, documents: int = 5000) -> Memory:
    """Measure what a process holds after 100 letters and after all of them."""
    return asyncio.run(_memory(documents))


def ratios() -> dict[str, float]:
    """Return what `xconnector bench` prints of the composer."""
    letter, statement = measure_speed("letter"), measure_speed("statement", documents=40)
    return {
        "letters_per_cpu_second": 1000 / letter.product,
        "letters_over_bare_typst": letter.share_of_bare,
        "letters_over_bare_steps": letter.share_of_bare_whole,
        "statements_per_cpu_second": 1000 / statement.product,
        "statements_over_bare_typst": statement.share_of_bare,
        "statements_over_bare_steps": statement.share_of_bare_whole,
        "memory_after_5000_over_after_100": measure_memory().growth,
    }


async def _speed(kind: str, *, rounds: int, documents: int) -> Speed:
    orders = [order_of(kind, number) for number in range(documents)]
    totals: list[_Seconds] = []
    with TemporaryDirectory() as state, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as aside:
        async with _composer(Path(state)) as composer:
            made = await _compose(composer, orders)
            await _slice_of(kind, orders[:10], aside, composer)
            for _ in range(rounds):
                total = _Seconds()
                for start in range(0, documents, _SLICE):
                    total += await _slice_of(kind, orders[start : start + _SLICE], aside, composer)
                totals.append(total)
    return Speed(
        bare=1000 * median(total.bare for total in totals) / documents,
        bare_whole=1000 * median(total.bare_whole for total in totals) / documents,
        product=1000 * median(total.product for total in totals) / documents,
        kilobytes=median(len(composition.renditions[0].content) for composition in made) / 1000,
    )


async def _slice_of(
    kind: str, orders: Sequence[Order], aside: ProcessPoolExecutor, composer: EmbeddedComposer
) -> "_Seconds":
    """Measure the three in turn on a few documents, so that all see the same machine at the same time."""
    texts = [json.dumps(order.data, ensure_ascii=False, sort_keys=True) for order in orders]
    loop = asyncio.get_running_loop()
    bare = await loop.run_in_executor(aside, seconds_for_pdfs, kind, texts)
    bare_whole = await loop.run_in_executor(aside, seconds_for_documents, kind, texts)
    before = _product_cpu(composer)
    await _compose(composer, orders)
    return _Seconds(bare=bare, bare_whole=bare_whole, product=_product_cpu(composer) - before)


async def _memory(documents: int) -> Memory:
    with TemporaryDirectory() as state:
        async with _composer(Path(state)) as composer:
            await _compose(composer, [order_of("letter", number) for number in range(100)])
            after_100 = _resident(composer)
            for start in range(100, documents, 100):
                await _compose(composer, [order_of("letter", number) for number in range(start, start + 100)])
            return Memory(after_100=after_100, after_all=_resident(composer))


def _composer(state: Path) -> EmbeddedComposer:
    return EmbeddedComposer(
        EmbeddedSettings(processes=1, recycle_after=10_000_000), Surroundings(project_folder=HERE, state_folder=state)
    )


async def _compose(composer: EmbeddedComposer, orders: Sequence[Order]) -> list[Composition]:
    results = await composer.compose(orders)
    for result in results:
        if isinstance(result, ConnectorError):
            raise result
    return [result for result in results if isinstance(result, Composition)]


def order_of(kind: str, number: int) -> Order:
    """Return the order with this number for a `letter` or a `statement`."""
    order = replace(sample_order(number, template=kind), kinds=frozenset({RenditionKind.LETTER}))
    if kind == "letter":
        return order
    bookings = [
        {
            "date": f"{1 + row % 28:02}.{1 + row // 28:02}.2026",
            "text": f"Überweisung an Empfänger {number * 80 + row}",
            "voucher": f"B-{number:05}-{row:02}",
            "amount": f"{row * 7 % 997},{row % 100:02} €",
            "balance": f"{10_000 + row * 13},00 €",
        }
        for row in range(80)
    ]
    return with_data(order, bookings=bookings, months=[20 + (number + 7 * month) % 80 for month in range(12)])


def _product_cpu(composer: EmbeddedComposer) -> float:
    return time.process_time() + sum(_cpu_of(process_id) for process_id in composer.process_ids)


def _cpu_of(process_id: int) -> float:
    after_name = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    user, system = after_name[11:13]
    return (int(user) + int(system)) / _TICKS


def _resident(composer: EmbeddedComposer) -> int:
    (process_id,) = composer.process_ids
    return int(Path(f"/proc/{process_id}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    print(json.dumps(ratios(), indent=2))  # noqa: T201 - that is what it is for


if __name__ == "__main__":
    main()
