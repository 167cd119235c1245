"""A provider tells the real web what became of communications, and proves who it is."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from tests.connectors.sendgrid.report_sender import PUBLIC_KEY, event, signed, signed_body
from tests.entrypoints.web.site import Site, open_site
from tests.store.memory import communication
from xconnector.contract.channel import Receipt
from xconnector.contract.feedback import FeedbackRequest
from xconnector.domain.communication import State
from xconnector.domain.delivery import DeliveryEvent
from xconnector.domain.keys import Purpose
from xconnector.operations.status import status
from xconnector.pipeline.closing import Answer, close
from xconnector.postgres.connect import transaction
from xconnector.store import communications, dispatches
from xconnector.store.dispatches import DispatchState, Intent, dispatch_key

CONNECTION = f"""
  sendgrid:
    connector: sendgrid
    api_key: a key
    sender: {{address: service@small.test}}
    token_secret: a secret of the tests
    reports: {{public_keys: ["{PUBLIC_KEY}"]}}
""".lstrip("\n")


@pytest.fixture
async def site(tmp_path: Path, database: str) -> AsyncGenerator[Site]:
    async with open_site(tmp_path, database, connections=CONNECTION) as running:
        yield running


async def handed_over(site: Site, number: int = 1, *, reference: str | None = "ref") -> str:
    """The dispatch key of a communication that SendGrid has; without a reference the receipt is not recorded yet."""
    now = datetime.now(UTC)
    async with transaction(site.place.pool) as connection:
        state = State.DISPATCHING if reference is None else State.DISPATCHED
        key = await communication(connection, number, state, plan=("sendgrid",))
        dispatch = dispatch_key(key, 0, 0)
        intent = Intent(
            dispatch_key=dispatch, communication_id=key, hop=0, connection="sendgrid", state=DispatchState.DISPATCHING
        )
        await dispatches.intend(connection, [intent], now)
        if reference is not None:
            await dispatches.close(connection, [(dispatch, DispatchState.HANDED_OVER, reference)], now)
    return dispatch


async def receipt_recorded(site: Site, dispatch: str, reference: str) -> None:
    async with transaction(site.place.pool) as connection:
        (found,) = await communications.find(connection, dispatch[:36])
        answer = Answer(
            communication_id=found.communication_id,
            batch_id=found.batch_id,
            dispatch_key=dispatch,
            said=Receipt(reference=reference, awaits_report=True),
        )
        await close(site.place, connection, "sendgrid", [answer])


async def events_of(site: Site, dispatch: str) -> Sequence[DeliveryEvent]:
    async with transaction(site.place.pool) as connection:
        return await dispatches.events_of(connection, UUID(dispatch[:36]))


async def state_of(site: Site, dispatch: str) -> str:
    async with transaction(site.place.pool) as connection:
        (found,) = await communications.find(connection, dispatch[:36])
    return found.state


async def post(site: Site, request: FeedbackRequest) -> httpx.Response:
    return await site.client.post("/reports/sendgrid", content=request.body, headers=dict(request.headers))


async def told(site: Site, *events: Mapping[str, object]) -> httpx.Response:
    return await post(site, signed(events, at=datetime.now(UTC)))


async def test_a_signed_request_moves_the_communication_without_a_key_of_ours(site: Site) -> None:
    dispatch = await handed_over(site)
    answer = await told(site, event(dispatch, "processed"), event(dispatch, "delivered", number=2))

    assert (answer.status_code, answer.json()) == (202, {"events": 2})
    assert await state_of(site, dispatch) == State.COMPLETED
    assert [one.type for one in await events_of(site, dispatch)] == ["accepted", "delivered"]


async def test_a_bounce_ends_the_hop(site: Site) -> None:
    dispatch = await handed_over(site)
    await told(site, event(dispatch, "bounce", type="bounce", reason="550 5.1.1 no such user", status="5.1.1"))

    assert await state_of(site, dispatch) == State.FAILED


async def test_a_wrong_signature_and_an_old_one_are_refused_and_nothing_is_kept(site: Site) -> None:
    dispatch = await handed_over(site)
    fresh = signed([event(dispatch, "bounce")], at=datetime.now(UTC))
    answers = [
        await post(site, replace(fresh, body=fresh.body.replace(b"bounce", b"opened"))),
        await post(site, replace(fresh, headers={})),
        await post(site, signed([event(dispatch, "bounce")], at=datetime.now(UTC) - timedelta(minutes=6))),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert await events_of(site, dispatch) == []


async def test_what_is_proven_and_cannot_be_read_is_a_bad_request(site: Site) -> None:
    bodies = (b"[", b'{"event": "\xff"}', b"[" * 100_000, b'["opened"]')
    answers = [await post(site, signed_body(body, at=datetime.now(UTC))) for body in bodies]

    assert [answer.status_code for answer in answers] == [400, 400, 400, 400]


async def test_a_request_that_comes_again_and_an_event_that_comes_again_count_once(site: Site) -> None:
    dispatch = await handed_over(site)
    request = signed([event(dispatch, "open")], at=datetime.now(UTC))
    answers = [await post(site, request), await post(site, request)]
    # The same event in another request.
    answers.append(await told(site, event(dispatch, "click"), {**event(dispatch, "open"), "timestamp": 1_795_000_099}))

    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert [one.type for one in await events_of(site, dispatch)] == ["opened", "clicked"]


async def test_a_report_that_names_only_the_providers_reference_finds_its_hand_over(site: Site) -> None:
    dispatch = await handed_over(site, reference="abc.123")
    await told(site, {**event(dispatch, "delivered"), "xconnector_dispatch": "", "sg_message_id": "abc.123.filter9.1"})

    assert [one.type for one in await events_of(site, dispatch)] == ["delivered"]


async def test_a_report_that_comes_before_the_receipt_waits_for_it(site: Site) -> None:
    dispatch = await handed_over(site, reference=None)
    early = {**event(dispatch, "delivered"), "xconnector_dispatch": "", "sg_message_id": "early.recvd-1"}
    await told(site, early)
    assert await events_of(site, dispatch) == []
    await receipt_recorded(site, dispatch, "early")

    assert [one.type for one in await events_of(site, dispatch)] == ["delivered"]
    assert await state_of(site, dispatch) == State.COMPLETED


async def test_the_api_tells_what_is_proven_and_a_program_is_no_person(site: Site) -> None:
    dispatch = await handed_over(site)
    address = f"/communications/{dispatch[:36]}/delivery"
    seen: list[tuple[str, str]] = []
    for reported in (
        event(dispatch, "delivered"),
        event(dispatch, "open", number=2, sg_machine_open=True),
        event(dispatch, "click", number=3),
    ):
        await told(site, reported)
        answer = (await site.client.get(address, headers=site.bearing(Purpose.DECISIONS))).json()
        seen.append((answer["status"], answer["evidence"]))

    assert seen == [("delivered", "delivered"), ("delivered", "delivered"), ("opened", "opened by a person")]
    assert [one["evidence"] for one in answer["hand_overs"][0]["reports"]] == [
        "delivered",
        "accepted",
        "opened by a person",
    ]


async def test_reports_on_the_hand_overs_of_other_connections_move_nothing(site: Site) -> None:
    dispatch = await handed_over(site)
    async with transaction(site.place.pool) as connection:
        await connection.execute("UPDATE dispatch SET connection = 'elsewhere'")
    answer = await told(site, event(dispatch, "delivered"))

    assert answer.status_code == 202
    assert await state_of(site, dispatch) == State.DISPATCHED
    assert [(one.connection, one.number) for one in (await status(site.place.pool)).reports_of_nobody] == [
        ("sendgrid", 1)
    ]
