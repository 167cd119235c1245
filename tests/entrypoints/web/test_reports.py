"""Exstream's stand-in tells the real web what became of communications."""

import json
from collections.abc import AsyncGenerator, Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from tests.connectors.exstream.sandbox_program import SandboxProgram, exstream_program
from tests.connectors.exstream.stand_in import write_sample_design
from tests.entrypoints.web.site import Site, cut_off, open_site
from tests.store.memory import communication
from xconnector.domain.communication import State
from xconnector.domain.delivery import DeliveryEvent
from xconnector.domain.keys import Purpose
from xconnector.entrypoints.web.limits import WebLimits
from xconnector.operations.explaining import explain
from xconnector.postgres.connect import transaction
from xconnector.store import communications, dispatches
from xconnector.store.dispatches import DispatchState, Intent, dispatch_key

PATH = "/reports/exstream"
CONNECTION = """
  exstream:
    connector: exstream
    sign_in: {preset: otds-single, url: "http://127.0.0.1:9", client_id: c, client_secret: s}
    orchestration: {url: "http://127.0.0.1:9/orchestration/api/v1", domain: sandbox}
""".lstrip("\n")


@pytest.fixture(scope="module")
def exstream(tmp_path_factory: pytest.TempPathFactory) -> Generator[SandboxProgram]:
    project = tmp_path_factory.mktemp("project")
    write_sample_design(project)
    with exstream_program(project, tmp_path_factory.mktemp("output")) as running:
        yield running


@pytest.fixture
async def site(tmp_path: Path, database: str) -> AsyncGenerator[Site]:
    async with open_site(tmp_path, database, connections=CONNECTION) as running:
        yield running


async def handed_over(site: Site, number: int = 1) -> UUID:
    """A communication whose channel has it and still has to say what became of it."""
    now = datetime.now(UTC)
    async with transaction(site.place.pool) as connection:
        key = await communication(connection, number, State.DISPATCHED, plan=("email",))
        dispatch = dispatch_key(key, 0, 0)
        intent = Intent(
            dispatch_key=dispatch, communication_id=key, hop=0, connection="email", state=DispatchState.DISPATCHING
        )
        await dispatches.intend(connection, [intent], now)
        await dispatches.close(connection, [(dispatch, DispatchState.HANDED_OVER, "ref")], now)
    return key


async def events_of(site: Site, key: UUID) -> Sequence[DeliveryEvent]:
    async with transaction(site.place.pool) as connection:
        return await dispatches.events_of(connection, key)


async def state_of(site: Site, key: UUID) -> str:
    async with transaction(site.place.pool) as connection:
        (found,) = await communications.find(connection, str(key))
    return found.state


async def track(exstream: SandboxProgram, site: Site, customers: Sequence[object], **how: object) -> list[int]:
    """Let Exstream send its tracking events, and return the status of each answer."""
    told = {
        "address": f"{site.address}{PATH}",
        "headers": site.bearing(Purpose.REPORTS),
        "customers": [str(customer) for customer in customers],
        **how,
    }
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        answer = await client.post(f"{exstream.url}/sandbox/track", json=told)
    return answer.raise_for_status().json()["answers"]


async def post(site: Site, body: bytes, *, path: str = PATH, purpose: Purpose = Purpose.REPORTS) -> httpx.Response:
    return await site.client.post(path, content=body, headers=site.bearing(purpose))


async def test_tracking_events_move_the_communication(exstream: SandboxProgram, site: Site) -> None:
    key = await handed_over(site)
    answers = await track(exstream, site, [key])

    assert answers == [202, 202]
    assert await state_of(site, key) == State.COMPLETED
    assert [event.type for event in await events_of(site, key)] == ["sent", "opened"]


async def test_repeated_disordered_and_batched_events_mean_the_same(exstream: SandboxProgram, site: Site) -> None:
    keys = [await handed_over(site, number) for number in range(1, 6)]
    words = ["Exstream-Generated", "Exstream-Email-Submit", "Exstream-Email-OPEN"]
    answers = await track(exstream, site, keys, events=words, times=3, shuffled=True, at_once=7)

    assert set(answers) == {202}
    for key in keys:
        assert sorted(event.type for event in await events_of(site, key)) == ["opened", "sent", "unknown"]
        assert await state_of(site, key) == State.COMPLETED


async def test_what_could_not_be_delivered_ends_the_hop(exstream: SandboxProgram, site: Site) -> None:
    key = await handed_over(site)
    await track(exstream, site, [key], events=["Exstream-Email-Submit", "Exstream-Email-NDLV"], times=2)

    assert await state_of(site, key) == State.FAILED
    assert [event.type for event in await events_of(site, key)] == ["sent", "bounced"]


async def test_unknown_kinds_and_strangers_are_kept_and_no_error(exstream: SandboxProgram, site: Site) -> None:
    key = await handed_over(site)
    answers = await track(exstream, site, [key, "4711"], events=["Exstream-Email-HARD", "Something-New"])
    async with site.place.pool.connection() as connection:
        cursor = await connection.execute("SELECT count(*) FROM delivery_event WHERE type = 'unknown'")
        row = await cursor.fetchone()

    assert set(answers) == {202}
    assert row == (4,)
    assert await state_of(site, key) == State.DISPATCHED


async def test_whatever_was_told_is_shown_also_before_and_after_the_hand_over_it_means(site: Site) -> None:
    key = await handed_over(site)
    words = ["Exstream-Generated", "Exstream-Email-Submit", "Exstream-Email-NDLV", "Something-New"]
    async with transaction(site.place.pool) as connection:
        waiting = await communication(connection, 2, State.RELEASED, plan=("email",))
    for customer in (key, waiting):
        for word in words:
            event = {"expctr": {"schemaType": word}, "exstreamJob": {"customerNumber": str(customer)}}
            assert (await post(site, json.dumps(event).encode())).status_code == 202

    assert [event.detail for event in await events_of(site, key)] == words
    assert [event.detail for event in (await explain(site.place.pool, str(waiting))).events] == words


async def test_the_answer_counts_what_was_kept(site: Site) -> None:
    event = {"expctr": {"schemaType": "Exstream-SMS"}, "exstreamJob": {"customerNumber": "x"}}
    answer = await post(site, json.dumps([event, event]).encode())

    assert (answer.status_code, answer.json()) == (202, {"events": 2})


@pytest.mark.parametrize("body", [b"", b"secret", b'["secret"]', b'{"a":"secret"', b"\xff\xfes\x00"])
async def test_what_cannot_be_read_is_refused_with_a_reason_and_without_its_content(site: Site, body: bytes) -> None:
    answer = await post(site, body)

    assert answer.status_code == 400
    assert "tracking event" in answer.json()["detail"]
    assert "secret" not in answer.text


@pytest.mark.parametrize("name", ["email", "composer", "archive", "nobody", "xconnector.yaml"])
async def test_only_connections_that_take_reports_are_found(site: Site, name: str) -> None:
    assert (await post(site, b"{}", path=f"/reports/{name}")).status_code == 404


@pytest.mark.parametrize("name", ["..%2Fetc", "a%20b", "-x"])
async def test_a_name_of_another_shape_is_refused(site: Site, name: str) -> None:
    assert (await post(site, b"{}", path=f"/reports/{name}")).status_code in {404, 422}


@pytest.mark.parametrize("purpose", [Purpose.EVENTS, Purpose.PORTAL])
async def test_a_key_opens_nothing_else(site: Site, purpose: Purpose) -> None:
    assert (await post(site, b"{}", purpose=purpose)).status_code == 401
    assert (await site.client.post(PATH, content=b"{}")).status_code == 401


async def test_a_body_that_is_too_large_is_refused(tmp_path: Path, database: str) -> None:
    async with open_site(tmp_path, database, connections=CONNECTION, limits=WebLimits(report=1000)) as site:
        assert (await post(site, b"[" + b"{}," * 500 + b"{}]")).status_code == 413


async def test_without_a_database_the_sender_is_told_to_come_again(tmp_path: Path, database: str) -> None:
    async with open_site(tmp_path, database, connections=CONNECTION) as site:
        await cut_off(database)
        answer = await post(site, b"{}")

    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
