"""Changes of rows, in whatever order and however often they are told, leave the same golden records."""

import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.office import Changes, Office, write_office_project
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.execution.jobs import Attempt
from xconnector.pipeline.prepare import prepare
from xconnector.pipeline.receive import receive
from xconnector.postgres.connect import reading
from xconnector.store import customers

T = TypeVar("T")
pytestmark = pytest.mark.asyncio(loop_scope="session")

FEED: Changes = {
    "xconnector.yaml": [
        ("feeds:\n", "feeds:\n  rows: {event: com.small.row, mapping: rows, changes: debezium}\n"),
        ("feeds:\n", "feeds:\n  things: {event: com.small.thing, mapping: things}\n"),
    ]
}
MAPPING = """
customer: row.no
fields: {op: op}
customer_fields: {last_name: row.name, city: row.city}
"""


def _record(source_key: str, said: dict[str, Any], *, source: str = "rows", event: str = "row") -> SourceRecord:
    return SourceRecord(
        source=source,
        source_key=source_key,
        event_type=f"com.small.{event}",
        occurred_at=None,
        payload=json.dumps(said).encode(),
        data=said,
    )


@dataclass(frozen=True, slots=True)
class Told:
    """A change as the source's log has it."""

    row: str
    lsn: int
    op: str
    name: str | None
    clock: int

    def record(self, told_at: int) -> SourceRecord:
        row = {"no": self.row, "name": self.name}
        event: dict[str, Any] = {
            "op": self.op,
            "before": {"no": self.row} if self.op == "d" else None,
            "after": None if self.op == "d" else row,
            "source": {"lsn": self.lsn, "ts_ms": 1_700_000_000_000 + self.clock},
            "ts_ms": told_at,
        }
        return _record(self.row, event)


MAPPING_OF_THINGS = """
customer: no
fields: {number: no}
customer_fields: {last_name: name}
"""
TOMBSTONE = BadRecord(source="rows", source_key="1", payload=b"", reason="the message is no JSON")


@st.composite
def logs(draw: st.DrawFn) -> list[Told]:
    """The log of a source: each row ends with what its last change says; its clock is not to be trusted."""
    size = draw(st.integers(1, 8))
    return [
        Told(
            row=draw(st.sampled_from(["1", "2"])),
            lsn=100 + number,
            op=draw(st.sampled_from(["c", "u", "r", "d"])),
            name=draw(st.sampled_from(["Ann", "Ben", "Cid", None])),
            clock=draw(st.sampled_from([0, 1, 1, 5_000])),
        )
        for number in range(size)
    ]


async def _tell(opened: Office, records: Sequence[SourceRecord | BadRecord], *, feed: str = "rows") -> None:
    place = opened.place
    await receive(place, records, feed=place.project.feeds[feed])
    async with reading(place.pool) as connection:
        row = await (await connection.execute("SELECT max(batch_id) FROM batch")).fetchone()
    assert row is not None
    attempt = Attempt(stage="prepare", ids={}, priority=0, number=1, job_id=0)
    await prepare(place, attempt, batch_id=int(row[0]))


@st.composite
def disordered(draw: st.DrawFn, log: Sequence[T]) -> list[T]:
    """The log in any order, some of it told again."""
    return draw(st.permutations([*log, *draw(st.lists(st.sampled_from(log), max_size=4))]))


async def _tell_in_batches(opened: Office, told: Sequence[SourceRecord], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(told)), max_size=3)))
    for start, end in zip([0, *cuts], [*cuts, len(told)], strict=True):
        await _tell(opened, [*told[start:end], TOMBSTONE])


async def _golden(opened: Office, rows: Sequence[str]) -> dict[str, str | None]:
    async with reading(opened.place.pool) as connection:
        rules, at = opened.place.project.survivorship, opened.place.now()
        found = await customers.golden_records(connection, rows, rules, at=at)
    return {key: customer.fields["last_name"] for key, customer in found.items() if "last_name" in customer.fields}


def _end_of(log: Sequence[Told]) -> dict[str, str | None]:
    last = {change.row: change for change in log}
    return {row: change.name for row, change in last.items() if change.op != "d" and change.name}


@pytest_asyncio.fixture(loop_scope="session")
async def opened(office: OpenOffice, tmp_path: Path) -> AsyncGenerator[Office]:
    folder = write_office_project(tmp_path, FEED)
    (folder / "mappings" / "rows.yaml").write_text(MAPPING, encoding="utf-8")
    (folder / "mappings" / "things.yaml").write_text(MAPPING_OF_THINGS, encoding="utf-8")
    async with office() as opened:
        yield opened


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(log=logs(), data=st.data())
async def test_any_disorder_and_repetition_leaves_the_same_golden_records(
    opened: Office, log: list[Told], data: st.DataObject
) -> None:
    # Each example has rows of its own: nothing is ever emptied.
    own = uuid4().hex
    log = [replace(change, row=f"{own}-{change.row}") for change in log]
    order = data.draw(disordered(log))
    await _tell_in_batches(opened, [change.record(number) for number, change in enumerate(order)], data)

    account = await opened.account()
    assert await _golden(opened, [change.row for change in log]) == _end_of(log), order
    assert (account.records["refused"], account.records["set_aside"]) == (0, 0)


@dataclass(frozen=True, slots=True)
class Moved:
    """A change of one of two rows, each with a field of its own, that speaks of a customer."""

    row: str
    customer: str
    lsn: int
    value: str | None
    """None where the row was deleted."""

    def record(self, own: str) -> SourceRecord:
        image = {"no": f"{own}-{self.customer}", "name" if self.row == "name" else "city": self.value}
        event: dict[str, Any] = {
            "op": "d" if self.value is None else "u",
            "before": image if self.value is None else None,
            "after": None if self.value is None else image,
            "source": {"lsn": self.lsn, "ts_ms": 1_700_000_000_000 + self.lsn},
            "ts_ms": self.lsn,
        }
        return _record(f"{own}-{self.row}", event)


@st.composite
def moves(draw: st.DrawFn) -> list[Moved]:
    """The log of a table in which several rows speak of one customer, and come to speak of another."""
    customer = st.sampled_from(["1", "2"])
    now_of: dict[str, str] = {}
    log: list[Moved] = []
    for number in range(draw(st.integers(1, 8))):
        row, value = draw(st.sampled_from(["name", "city"])), draw(st.sampled_from(["Ann", "Bern", None]))
        # What is deleted was of whom it was last.
        now_of[row] = now_of[row] if value is None and row in now_of else draw(customer)
        log.append(Moved(row=row, customer=now_of[row], lsn=100 + number, value=value))
    return log


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(log=moves(), data=st.data())
async def test_rows_of_one_customer_stand_beside_each_other_and_move_whole(
    opened: Office, log: list[Moved], data: st.DataObject
) -> None:
    own = uuid4().hex
    told = data.draw(disordered(log))
    await _tell_in_batches(opened, [change.record(own) for change in told], data)

    last = {change.row: change for change in log}
    expected = {
        f"{own}-{customer}": {
            "last_name" if one.row == "name" else "city": one.value
            for one in last.values()
            if one.customer == customer and one.value is not None
        }
        for customer in ("1", "2")
    }
    async with reading(opened.place.pool) as connection:
        rules, at = opened.place.project.survivorship, opened.place.now()
        found = await customers.golden_records(connection, [*expected], rules, at=at)
    assert {key: dict(found[key].fields) if key in found else {} for key in expected} == expected, told


async def test_what_was_removed_takes_back_what_its_source_said_and_asks_for_nothing(opened: Office) -> None:
    there, gone = {"no": "7", "name": "Ann"}, {"no": "7", "@removed": {"reason": "deleted"}}
    for number, said in enumerate((there, gone)):
        record = _record(f"7@{number}", said, source="things", event="thing")
        await _tell(opened, [record], feed="things")
        assert await _golden(opened, ["7"]) == ({"7": "Ann"} if said is there else {})

    account = await opened.account()
    assert (account.records["set_aside"], account.states) == (0, {})
