"""Whoever gets no answer sends again: what stands aside or was refused comes home to its row, and is counted."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.office import Office, notice, write_office_project
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.event import BadRecord, RecordFate, SourceRecord, payload_digest
from xconnector.execution.jobs import Attempt
from xconnector.pipeline.prepare import prepare
from xconnector.pipeline.receive import receive
from xconnector.postgres.connect import reading

pytestmark = pytest.mark.asyncio(loop_scope="session")

Given = tuple[str, str | None, str]
"""What it is, its key, and what it says."""
GIVEN = st.one_of(
    st.tuples(st.just("event"), st.sampled_from(["1", "2"]), st.sampled_from(["10.00", "20.00"])),
    st.tuples(st.just("nobody's"), st.sampled_from(["3", "4"]), st.sampled_from(["10.00"])),
    st.tuples(st.just("bad"), st.sampled_from(["1", "5", None]), st.sampled_from(["{", "["])),
)
BATCHES = st.lists(st.lists(GIVEN, min_size=1, max_size=4), min_size=1, max_size=4)


def _record(given: Given, own: str) -> SourceRecord | BadRecord:
    """Make a record anew, as a broker does; `nobody's` names no customer, and the mapping cannot read it."""
    kind, key, said = given
    if kind == "bad":
        return BadRecord(
            source=own, source_key=key, payload=f"{said}{own}".encode(), reason="the message is no JSON", position=1
        )
    record = notice(f"{own}-{key}", amount=said)
    if kind == "nobody's":
        data = {name: value for name, value in record.data.items() if name != "customer"}
        record = replace(record, data=data, payload=json.dumps(data).encode())
    return replace(record, source=own)


async def _give(opened: Office, batch: Sequence[Given], own: str) -> None:
    """Receive a batch, and let the main path read what was taken of it."""
    await receive(opened.place, [_record(one, own) for one in batch], feed=None)
    async with reading(opened.place.pool) as connection:
        row = await (await connection.execute("SELECT max(batch_id) FROM batch")).fetchone()
    assert row is not None
    attempt = Attempt(stage="prepare", ids={}, priority=0, number=1, job_id=0)
    await prepare(opened.place, attempt, batch_id=int(row[0]))


async def _standing(opened: Office, own: str) -> tuple[list[tuple[object, ...]], int]:
    """Return the rows that stand aside or were refused, each with its failures, and how often they came again."""
    async with reading(opened.place.pool) as connection:
        rows = await connection.execute(
            "SELECT record_id, source_key, sha256, fate, "
            "(SELECT count(*) FROM failure WHERE record_id = inbox.record_id) "
            "FROM inbox WHERE source = %s AND fate IN ('refused', 'set_aside') ORDER BY record_id",
            (own,),
        )
        standing = [tuple(row) for row in await rows.fetchall()]
        again = await connection.execute(
            "SELECT coalesce(sum(times), 0) FROM came_again JOIN inbox USING (record_id) WHERE source = %s", (own,)
        )
        (times,) = await again.fetchone() or (0,)
    return standing, int(times)


@pytest_asyncio.fixture(loop_scope="session")
async def opened(office: OpenOffice, tmp_path: Path) -> AsyncGenerator[Office]:
    write_office_project(tmp_path)
    async with office() as opened:
        yield opened


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES, order=st.randoms(use_true_random=False))
async def test_what_comes_again_comes_home_and_is_counted(
    opened: Office, batches: list[list[Given]], order: Random
) -> None:
    own = uuid4().hex[:12]
    for batch in batches:
        await _give(opened, batch, own)
    standing, before = await _standing(opened, own)
    again = [one for batch in batches for one in batch]
    order.shuffle(again)
    await _give(opened, again, own)
    after, times = await _standing(opened, own)

    assert after == standing
    assert [row[-1] for row in standing] == [1] * len(standing)
    assert len({row[1:3] for row in standing}) == len(standing)
    assert times - before == sum(1 for one in again if _stands(one, own, standing))


def _stands(given: Given, own: str, standing: Sequence[tuple[object, ...]]) -> bool:
    record = _record(given, own)
    digest = payload_digest(record.payload)
    return any(row[1:3] == (record.source_key, digest) for row in standing)


async def test_the_answer_is_the_same_as_the_first_time(opened: Office) -> None:
    own = uuid4().hex[:12]
    batch: list[Given] = [("event", "1", "10.00"), ("event", "1", "20.00"), ("bad", None, "{")]
    first = await receive(opened.place, [_record(one, own) for one in batch], feed=None)
    again = await receive(opened.place, [_record(one, own) for one in batch[1:]], feed=None)

    assert again == [replace(one, came_before=True) for one in first[1:]]


async def test_of_many_who_are_given_the_same_at_once_one_sets_it_aside(opened: Office) -> None:
    own = uuid4().hex[:12]
    await _give(opened, [("event", "1", "10.00")], own)
    batch: list[Given] = [("event", "1", "20.00"), ("bad", "5", "{")]
    await asyncio.gather(
        *(receive(opened.place, [_record(one, own) for one in batch], feed=None) for _ in range(6)),
    )
    standing, times = await _standing(opened, own)

    assert [(row[3], row[4]) for row in standing] == [(RecordFate.REFUSED, 1), (RecordFate.SET_ASIDE, 1)]
    assert times == 10


async def test_what_nobody_could_read_is_taken_once_somebody_can(opened: Office) -> None:
    own = uuid4().hex[:12]
    record = _record(("event", "1", "10.00"), own)
    assert isinstance(record, SourceRecord)
    unread = BadRecord(source=own, source_key=record.source_key, payload=record.payload, reason="no feed takes it")
    await receive(opened.place, [unread], feed=None)
    (row,) = await receive(opened.place, [record], feed=None)

    assert row.fate is RecordFate.TAKEN
