"""Customers of three sources that number them by themselves: loaded, matched, merged one and all, and looked up."""

import argparse
import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from xconnector.domain.golden import MOST_RECENT
from xconnector.domain.matching.keys import KeyRule, MatchingRules
from xconnector.domain.matching.member_key import own_key
from xconnector.entrypoints.garbage import spare_what_stays
from xconnector.operations.customers import LoadTerms, load_customers
from xconnector.operations.matching import MatchingWork, match
from xconnector.postgres.connect import open_pool, reading
from xconnector.store import customers
from xconnector.testing.bench.databases import migrated_database
from xconnector.testing.bench.measured import Figure, percentile
from xconnector.testing.bench.memory import MEBIBYTE
from xconnector.testing.bench.program import running, say_ready, say_usage
from xconnector.testing.bench.usage import Server, Usage

_RULES = MatchingRules(
    rules=[KeyRule(fields=("mobile",)), KeyRule(fields=("last_name", "birth_date", "postcode"))],
    unless_differ=("birth_date",),
)
_MODULE = "xconnector.testing.bench.customers"
_MILLION = 1_000_000
_SOURCES = ("billing", "crm", "policies")
_NOW = datetime(2026, 11, 1, tzinfo=UTC)
_LOOK_UPS = 2000
_WARM_UPS = 200
_MILLISECOND = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    load: Usage
    load_postgres: float
    """Processor seconds of the database server."""
    match: Usage
    match_postgres: float
    merge: Usage
    merge_postgres: float
    seconds: float
    """By the clock on the wall, of all three."""
    again: Usage
    """Loading the same files once more."""
    look_ups: list[float]
    """Seconds each, by the clock."""


def customer_figures(server_url: str, *, small: int, large: int) -> list[Figure]:
    """Measure so many customers of three sources, and fewer of them for comparing memory."""
    less, more = _measure(server_url, small), _measure(server_url, large)
    to_million = _MILLION / large
    own = more.load.processor_seconds + more.match.processor_seconds + more.merge.processor_seconds
    return [
        Figure(
            name="1,000,000 customers loaded, matched and merged, clock",
            value=more.seconds * to_million,
            unit="s",
            goal="<= 300",
        ),
        Figure(name="processor seconds of the programs", value=own * to_million, unit="s"),
        Figure(
            name="processor seconds of the database",
            value=(more.load_postgres + more.match_postgres + more.merge_postgres) * to_million,
            unit="s",
        ),
        Figure(
            name="of all, for loading", value=(more.load.processor_seconds + more.load_postgres) * to_million, unit="s"
        ),
        Figure(
            name="of all, for matching",
            value=(more.match.processor_seconds + more.match_postgres) * to_million,
            unit="s",
        ),
        Figure(
            name="the same files once more over the first time",
            value=more.again.processor_seconds / more.load.processor_seconds,
        ),
        Figure(name=f"loading's peak, {large:,} customers", value=more.load.peak_bytes / MEBIBYTE, unit="MiB"),
        Figure(name="loading's growth", value=more.load.peak_bytes / less.load.peak_bytes, goal="<= 1.1"),
        Figure(name=f"matching's peak, {3 * large:,} members", value=more.match.peak_bytes / MEBIBYTE, unit="MiB"),
        Figure(name="matching's growth", value=more.match.peak_bytes / less.match.peak_bytes),
        Figure(name=f"merging's peak, {large:,} customers", value=more.merge.peak_bytes / MEBIBYTE, unit="MiB"),
        Figure(name="merging's growth", value=more.merge.peak_bytes / less.merge.peak_bytes, goal="<= 1.1"),
        Figure(name="look-up, p50", value=percentile(more.look_ups, 0.5) * _MILLISECOND, unit="ms"),
        Figure(name="look-up, p99", value=percentile(more.look_ups, 0.99) * _MILLISECOND, unit="ms", goal="<= 5"),
    ]


def _measure(server_url: str, number: int) -> _Measured:
    with TemporaryDirectory(prefix="xconnector-bench-") as folder, migrated_database(server_url) as url:
        files = [str(_write(Path(folder) / f"{source}.jsonl", source, number)) for source in _SOURCES]
        server = Server(url)
        begun, before = time.monotonic(), server.processor_seconds()
        load = _load_all(url, files)
        loaded = server.processor_seconds()
        with running(_MODULE, url, "--match", str(number)) as program:
            match = program.result()
        matched = server.processor_seconds()
        with running(_MODULE, url, "--merge") as program:
            merge = program.result()
        seconds, after = time.monotonic() - begun, server.processor_seconds()
        again = _load_all(url, files)
        return _Measured(
            load=load,
            load_postgres=loaded - before,
            match=match,
            match_postgres=matched - loaded,
            merge=merge,
            merge_postgres=after - matched,
            seconds=seconds,
            again=again,
            look_ups=asyncio.run(_look_up(url, number)),
        )


def _load_all(url: str, files: Sequence[str]) -> Usage:
    """Load the files at once, each by a program of its own, as three sources come; gives the peak of the largest."""
    with ExitStack() as stack:
        programs = [stack.enter_context(running(_MODULE, url, "--load", file)) for file in files]
        used = [program.result() for program in programs]
    return Usage(
        processor_seconds=sum(one.processor_seconds for one in used), peak_bytes=max(one.peak_bytes for one in used)
    )


async def _look_up(url: str, number: int) -> list[float]:
    """Return how long it took to get golden records, one customer at a time, once the first ones are warm."""
    chance = random.Random(11)  # noqa: S311 - always the same customers
    took: list[float] = []
    async with open_pool(url, name="xconnector bench") as pool:
        for _ in range(_WARM_UPS + _LOOK_UPS):
            key = own_key("crm", _key(chance.randrange(number)))
            begun = time.perf_counter()
            async with reading(pool) as connection:
                found = await customers.golden_records(connection, [key], MOST_RECENT, at=_NOW)
            took.append(time.perf_counter() - begun)
            assert found[key].fields, "everybody was loaded"
    return took[_WARM_UPS:]


# ---------------------------------------------------------------- what the sources say


def _key(number: int) -> str:
    return f"K-{number:08}"


def _write(file: Path, source: str, number: int) -> Path:
    encoder = msgspec.json.Encoder()
    with file.open("wb", buffering=1 << 20) as out:
        for said in _said(source, number):
            out.write(encoder.encode(said))
            out.write(b"\n")
    return file


def _said(source: str, number: int) -> Iterator[dict[str, Any]]:
    """Yield what a source says of everybody, in an order of its own: twelve to fifteen fields each."""
    # With a step that has no divisor in common with their number every customer comes once.
    step = {"billing": 7919, "crm": 1, "policies": 104_729}[source]
    while number % step == 0 and step > 1:
        step += 2
    for at in range(number):
        one = at * step % number
        said: dict[str, Any] = {
            "customer": _key(one),
            "as_of": (_NOW - timedelta(minutes=(one * 31 + len(source)) % 500_000)).isoformat(),
            "first_name": ("Anna", "Ben", "Chloé", "Dorothea")[one % 4],
            "last_name": f"Meyer-{one % 5003}",
            "address_lines": [f"Hauptstraße {one % 211}", f"Haus {one % 7}"],
            "postcode": f"{10_000 + one % 80_000}",
            "city": ("Berlin", "Hamburg", "München", "Köln")[one % 4],
            "country": "DE",
            "language": "de",
            "email": f"customer-{one}@{source}.example.test",
            "mobile": f"+4915{one:09}",
            "birth_date": f"19{50 + one % 50}-0{1 + one % 9}-1{one % 10}",
        }
        if source == "crm":
            said |= {"title": "Dr.", "preference": "email", "portal_account": True, "segment": "private"}
        elif source == "billing":
            said |= {"iban": f"DE{one:020}", "balance": one % 1000 / 4, "region": "BE"}
        else:
            said |= {"policies": [f"P-{one}", f"P-{one + 1}"], "since": "2011-04-01"}
        yield said


# ---------------------------------------------------------------- the program


async def _load(url: str, files: list[Path]) -> None:
    async with open_pool(url, name="xconnector bench") as pool:
        for file in files:
            await load_customers(pool, [file], LoadTerms(source=file.stem, own_keys=True, home_country="DE"))


async def _match(url: str, number: int) -> None:
    async with open_pool(url, name="xconnector bench") as pool:
        found = await match(pool, MatchingWork(rules=_RULES, survivorship=MOST_RECENT, at=_NOW))
    assert found.linked == (len(_SOURCES) - 1) * number, "who has the same telephone is one"


async def _merge(url: str) -> None:
    async with open_pool(url, name="xconnector bench") as pool, reading(pool) as connection:
        async for _ in customers.all_golden_records(connection, MOST_RECENT, at=_NOW):
            pass


async def _work(told: argparse.Namespace) -> None:
    if told.match is not None:
        await _match(told.database_url, told.match)
    elif told.merge:
        await _merge(told.database_url)
    else:
        await _load(told.database_url, told.load)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database_url")
    parser.add_argument("--load", type=Path, nargs="+")
    parser.add_argument("--match", type=int)
    parser.add_argument("--merge", action="store_true")
    told = parser.parse_args()
    spare_what_stays()
    since = say_ready()
    asyncio.run(_work(told))
    say_usage(since)


if __name__ == "__main__":
    main()
