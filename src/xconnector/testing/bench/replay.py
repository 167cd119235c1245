"""Replay: a changed table over recorded decisions, from lines and from the store, in a process of its own."""

import argparse
import asyncio
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from xconnector.domain.decision.cells import ANY, Cell, OneOf, Within
from xconnector.domain.decision.table import DecisionTable, Domain, Input, Output, Row
from xconnector.domain.decision.values import Kind
from xconnector.domain.routing.checks import decide_delivery
from xconnector.domain.routing.plan import Medium
from xconnector.domain.routing.policy import Check, DeliveryPolicy, Facts
from xconnector.operations.replaying import Span, replay_lines, replay_recorded
from xconnector.postgres.connect import open_pool, transaction
from xconnector.project.tables.stored import content_of
from xconnector.store import decisions, tables
from xconnector.testing.bench.databases import migrated_database
from xconnector.testing.bench.measured import Figure
from xconnector.testing.bench.memory import MEBIBYTE
from xconnector.testing.bench.program import running, say_ready, say_usage
from xconnector.testing.bench.usage import Server, Usage

_MODULE = "xconnector.testing.bench.replay"
_MILLION = 1_000_000
_BATCH = 500
_DIFFERENT = 5000
"""Different facts; they come again and again."""
_NOW = datetime(2026, 11, 1, tzinfo=UTC)
_DAY = date(2026, 11, 1)
_STATES = ("NY", "MA", "CA", "TX", "FL", "WA", "IL", "OH")
_CATEGORIES = ("notice", "bill", "marketing")


def replay_figures(server_url: str, *, small: int, large: int) -> list[Figure]:
    """Measure so many decisions, and fewer of them for comparing memory."""
    less, more = _from_lines(small), _from_lines(large)
    stored_less, _ = _from_store(server_url, small)
    stored_more, postgres = _from_store(server_url, large)
    to_million = _MILLION / large
    return [
        Figure(
            name="1,000,000 questions from lines, one core",
            value=more.processor_seconds * to_million,
            unit="s",
            goal="<= 10",
        ),
        Figure(
            name="1,000,000 decisions from the store, one core",
            value=stored_more.processor_seconds * to_million,
            unit="s",
            goal="<= 10",
        ),
        Figure(name="the database's own core meanwhile", value=postgres * to_million, unit="s"),
        Figure(name=f"peak, {large:,} from lines", value=more.peak_bytes / MEBIBYTE, unit="MiB"),
        Figure(name="its growth", value=more.peak_bytes / less.peak_bytes, goal="<= 1.1"),
        Figure(name=f"peak, {large:,} from the store", value=stored_more.peak_bytes / MEBIBYTE, unit="MiB"),
        Figure(name="its growth", value=stored_more.peak_bytes / stored_less.peak_bytes, goal="<= 1.1"),
    ]


def _from_lines(number: int) -> Usage:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "lines.jsonl"
        _write_lines(file, number)
        with running(_MODULE, "--lines", str(file)) as program:
            return program.result()


def _from_store(server_url: str, number: int) -> tuple[Usage, float]:
    """Return what the program used, and processor seconds of the database server."""
    with migrated_database(server_url) as url:
        asyncio.run(_remember(url, number))
        server = Server(url)
        before = server.processor_seconds()
        with running(_MODULE, "--database-url", url) as program:
            used = program.result()
        return used, server.processor_seconds() - before


# ---------------------------------------------------------------- what was decided


def _routing() -> DecisionTable:
    """Return thirty rows and a last one, over a text, a state, yes and no, and an amount."""
    chance = random.Random(30)  # noqa: S311 - always the same table
    kinds = {
        "customer.preference": Kind.TEXT,
        "customer.region": Kind.TEXT,
        "promotional": Kind.YES_NO,
        "data.amount": Kind.NUMBER,
    }
    routes = ("email for 5 days, print", "print with certified", "portal, email, print", "print")
    rows = [
        _row(
            f"R{number}",
            (
                _one_of(chance.choice(["email", "portal"])),
                _one_of(*chance.sample(_STATES, 2)),
                ANY if number % 2 else _one_of(chance.choice([True, False])),
                ANY if number % 3 else _above(chance.randrange(1, 10) * 100),
            ),
            chance.choice(routes),
        )
        for number in range(1, 31)
    ]
    return DecisionTable(
        name="routing",
        inputs=tuple(Input(name=name, domain=Domain(kind=kind)) for name, kind in kinds.items()),
        outputs=(Output(name="route"),),
        rows=(*rows, _row("L1", (ANY, ANY, ANY, ANY), "email, print")),
    )


def changed_routing() -> DecisionTable:
    """Return the table with a row before all others: notices of some states go to print."""
    routing = _routing()
    first = _row("N1", (_one_of("email"), _one_of("MA"), ANY, _above(900)), "print with certificate of mailing")
    return replace(routing, rows=(first, *routing.rows))


def _policy() -> DeliveryPolicy:
    consent = DecisionTable(
        name="consent",
        inputs=(
            Input(name="medium", domain=Domain(kind=Kind.TEXT)),
            Input(name="consent", domain=Domain(kind=Kind.TEXT)),
        ),
        outputs=(Output(name="send", kind=Kind.TEXT), Output(name="reason")),
        rows=(
            Row(id="C1", when=(_one_of("print"), ANY), then={"send": "yes", "reason": "-"}),
            Row(id="C2", when=(ANY, _one_of("given")), then={"send": "yes", "reason": "-"}),
            Row(id="C3", when=(ANY, ANY), then={"send": "no", "reason": "no consent"}),
        ),
    )
    media = {"email": Medium.EMAIL, "portal": Medium.PORTAL, "print": Medium.PRINT}
    return DeliveryPolicy(route=_routing(), checks={Check.CONSENT: (consent,)}, media=media, default="print")


def _facts() -> Iterator[Facts]:
    chance = random.Random(7)  # noqa: S311 - always the same facts
    while True:
        common = {
            "communication": "policy_issued",
            "category": chance.choice(_CATEGORIES),
            "promotional": chance.random() < 0.3,
            "jurisdiction": "US",
            "customer.region": chance.choice(_STATES),
            "deceased": False,
            "has email": True,
            "has mobile": chance.random() < 0.5,
            "has portal": chance.random() < 0.5,
            "has address": True,
            "has device": False,
            "customer.language": "en",
            "customer.preference": chance.choice(["email", "portal", "print"]),
            "data.amount": f"{chance.randrange(100_000) / 100:.2f}",
        }
        by_medium = {
            medium: {"suppressed": None, "consent": chance.choice(["given", "given", "never"]), "consent.days": 30}
            for medium in (Medium.PRINT, Medium.EMAIL, Medium.PORTAL)
        }
        yield Facts(day=_DAY, common=common, by_medium=by_medium)


def _write_lines(file: Path, number: int) -> None:
    """Write questions with the inputs that the table looks at."""
    routing = _routing()
    policy = _policy()
    asked = [
        (
            {name: facts.common[name] for name in routing.input_names},
            next(step.row for step in decide_delivery(policy, facts).steps if step.table == routing.name),
        )
        for facts in islice(_facts(), _DIFFERENT)
    ]
    with file.open("w", encoding="utf-8") as lines:
        for at in range(number):
            inputs, row = asked[at % _DIFFERENT]
            said: Mapping[str, Any] = {
                "communication_id": str(UUID(int=at)),
                "customer": f"K-{at % 400_000}",
                "on": "2026-11-01",
                "row": row,
                "inputs": inputs,
            }
            lines.write(json.dumps(said) + "\n")


async def _remember(url: str, number: int) -> None:
    policy = _policy()
    samples = [(facts, decide_delivery(policy, facts)) for facts in islice(_facts(), _DIFFERENT)]
    async with open_pool(url, name="xconnector bench") as pool:
        async with transaction(pool) as connection:
            await tables.keep(connection, [content_of(table) for table in policy.tables], _NOW)
            await decisions.remember_policies(connection, [policy])
        for begin in range(0, number, _BATCH):
            at = _NOW + timedelta(seconds=begin // _BATCH)
            rows = [
                decisions.decided(
                    UUID(int=key),
                    *samples[key % _DIFFERENT],
                    name="policy_issued",
                    customer_key=f"K-{key % 400_000}",
                    policy_sha256=policy.sha256,
                    at=at,
                )
                for key in range(begin, min(begin + _BATCH, number))
            ]
            async with transaction(pool) as connection:
                await decisions.remember(connection, rows)


def _row(name: str, when: tuple[Cell, ...], route: str) -> Row:
    return Row(id=name, when=when, then={"route": route})


def _one_of(*values: str | bool) -> OneOf:
    return OneOf(values=frozenset(values))


def _above(number: int) -> OneOf:
    return OneOf(ranges=frozenset({Within(low=Decimal(number), includes_low=False)}))


# ---------------------------------------------------------------- the program


async def _replay_store(url: str) -> None:
    async with open_pool(url, name="xconnector bench") as pool:
        await replay_recorded(pool, changed_routing(), Span())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=Path)
    parser.add_argument("--database-url")
    told = parser.parse_args()
    since = say_ready()
    if told.lines is not None:
        with told.lines.open("rb") as lines:
            replay_lines(lines, changed_routing())
    else:
        asyncio.run(_replay_store(told.database_url))
    say_usage(since)


if __name__ == "__main__":
    main()
