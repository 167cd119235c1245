"""Final reports that do not come are asked for, and become a question for a person at their deadline."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.connectors.twilio import stand_in as twilio
from tests.connectors.twilio.stand_in import TwilioStandIn
from tests.office import AS_TEXT_MESSAGE, Changes, Office, notice
from tests.pipeline.conftest import OpenOffice
from tests.pipeline.scripted_channel import Answer, ScriptedChannel, told
from tests.pipeline.test_devices import PUSHES
from tests.pipeline.test_short_messages import MOBILE, ROUTING
from tests.store.memory import communication
from xconnector.connectors.twilio.webhook import FORMAT
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import TransientError
from xconnector.contract.feedback import FeedbackRequest
from xconnector.domain.communication import State
from xconnector.domain.delivery import DeliveryEventType as Type
from xconnector.domain.evidence import Evidence
from xconnector.domain.failure import Settlement
from xconnector.domain.feedback.signal import Signal
from xconnector.execution.jobs import Attempt
from xconnector.operations.failures import Choice, failure_groups
from xconnector.operations.settling import settle
from xconnector.pipeline.chasing import chase
from xconnector.pipeline.closing import Answer as Answered
from xconnector.pipeline.closing import close
from xconnector.pipeline.overdue import overdue
from xconnector.pipeline.provider_reports import ReportRequest, take_requests
from xconnector.pipeline.track import keep_reports
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, transaction
from xconnector.store import communications, dispatches
from xconnector.store.dispatches import DispatchState, Intent, dispatch_key
from xconnector.store.report_requests import RawRequest

pytestmark = pytest.mark.asyncio(loop_scope="session")

BY_MAILGUN: Changes = {
    "xconnector.yaml": [
        (PUSHES["xconnector.yaml"][0][0], """    connector: mailgun
    api_key: key
    domain: mail.small.test
    sender: {address: service@small.test}
    token_secret: a-secret-of-the-tests
""")
    ]
}  # fmt: skip


@asynccontextmanager
async def texted(office: OpenOffice, **limits: object) -> AsyncGenerator[tuple[TwilioStandIn, Office]]:
    """A text that Twilio has and says nothing of."""
    async with twilio.open_stand_in(Path()) as service:
        connection = json.dumps({"connector": "twilio", **service.settings, "limits": limits})
        changes = {
            "xconnector.yaml": [("  print:\n", f"  sms: {connection}\n  print:\n")],
            "tables/routing.md": [*ROUTING.items()],
            **AS_TEXT_MESSAGE,
        }
        async with office(changes) as opened:
            await opened.send(notice("1", mobile=MOBILE))
            await opened.work_until(("1", State.DISPATCHED))
            yield service, opened


async def pass_by(opened: Office, time: timedelta) -> None:
    """Let time go by, as far as awaited reports see it."""
    async with transaction(opened.place.pool) as connection:
        await connection.execute(
            "UPDATE awaited_report SET since = since - %(time)s, ask_at = ask_at - %(time)s", {"time": time}
        )


async def awaited(opened: Office) -> int:
    async with transaction(opened.place.pool) as connection:
        return len(await (await connection.execute("SELECT FROM awaited_report")).fetchall())


async def causes(opened: Office) -> list[tuple[str, int]]:
    return [(group.example, group.number) for group in await failure_groups(opened.place.pool)]


async def test_a_missing_report_is_asked_for_once_it_is_missed(office: OpenOffice) -> None:
    async with texted(office) as (service, opened):
        await chase(opened.place, "sms")
        before = len(service.asked)
        await pass_by(opened, timedelta(hours=7))
        await chase(opened.place, "sms")
        await pass_by(opened, timedelta(days=8))
        await chase(opened.place, "sms")
        found = await opened.explain("1")
        left = await awaited(opened)

    assert (before, len(service.asked), left) == (0, 1, 0)
    assert (found.found.state, found.evidence) == (State.COMPLETED, Evidence.DELIVERED)


async def test_what_was_not_delivered_takes_the_next_hop_when_that_is_asked_for(office: OpenOffice) -> None:
    async with texted(office, ask_after="1h") as (service, opened):
        service.outcome = ("undelivered", 30005)
        await pass_by(opened, timedelta(hours=2))
        await chase(opened.place, "sms")
        await opened.work()
        ways = [one.connection for one in (await opened.explain("1")).handovers]

    assert ways == ["sms", "print"]


async def test_at_the_deadline_somebody_must_look_and_nothing_is_sent_again(office: OpenOffice) -> None:
    async with texted(office) as (service, opened):
        service.outcome = ("sent", None)
        asked: list[int] = []
        for hours in (7, 8, 16, 32, 64, 33, 1):
            await pass_by(opened, timedelta(hours=hours))
            await chase(opened.place, "sms")
            asked.append(len(service.asked))
        # The same status is reported after all: it is the same event.
        fields = {"MessageSid": service.asked[0], "MessageStatus": "sent", "To": MOBILE}
        await report(opened, **fields)
        sent = await opened.explain("1")
        await pass_by(opened, timedelta(hours=24))
        for _ in range(2):
            await chase(opened.place, "sms")
        given_up, told_of, left = await opened.explain("1"), await causes(opened), await awaited(opened)
        await report(opened, **{**fields, "MessageStatus": "delivered"})
        late, still_told = await opened.explain("1"), await causes(opened)

    assert asked == [1, 2, 3, 4, 5, 6, 6]
    assert [event.type for event in sent.events] == [Type.SENT]
    assert (sent.found.state, given_up.found.state, late.found.state, left) == (
        *(State.COMPLETED, State.OUTCOME_UNKNOWN, State.COMPLETED),
        0,
    )
    assert [number for _, number in told_of] == [1]
    assert told_of[0][0].startswith("no receipt: sms said nothing final of it within 7 d; look")
    assert still_told == []
    assert len(service.taken) == 1


async def report(opened: Office, **fields: str) -> None:
    """Let Twilio report by itself."""
    body = urlencode(fields).encode()
    signals = FORMAT.read(FeedbackRequest(headers={"content-type": "application/x-www-form-urlencoded"}, body=body))
    request = ReportRequest(raw=RawRequest(connection="sms", body=body), reports_on="sms", signals=signals)
    await take_requests(opened.place, [request])


async def test_while_the_service_is_down_nothing_is_concluded(office: OpenOffice) -> None:
    async with texted(office) as (service, opened):
        service.is_down = True
        await pass_by(opened, timedelta(hours=7))
        with pytest.raises(TransientError):
            await chase(opened.place, "sms")
        await chase(opened.place, "sms")
        meanwhile = await opened.state_of("1"), await causes(opened), len(service.asked)
        service.is_down = False
        await pass_by(opened, timedelta(hours=8))
        await chase(opened.place, "sms")
        found = await opened.state_of("1")

    assert meanwhile == (State.DISPATCHED, [], 1)
    assert found is State.COMPLETED


async def test_where_carriers_give_no_receipts_none_is_awaited(office: OpenOffice) -> None:
    async with texted(office, final_report=False) as (_, opened):
        assert await awaited(opened) == 0


async def test_who_promises_an_acknowledgement_alone_is_asked_for_that_alone(office: OpenOffice) -> None:
    channel = LookedUpChannel(answer=_taken)
    async with office(BY_MAILGUN, instead={"email": channel}) as opened:
        email = opened.place.project.connections["email"]
        limits = replace(email.limits, ask_after=timedelta(days=2), awaits_final=False)
        project = replace(opened.place.project, connections={"email": replace(email, limits=limits)})
        place = replace(opened.place, project=project)
        async with transaction(place.pool) as connection:
            keys = [await handed_over(connection, place, number) for number in (1, 2)]
        await keep_reports(place, [told(keys[0], Type.ACCEPTED)])
        await pass_by(opened, timedelta(days=3))
        await chase(place, "email")
        left = await awaited(opened)

    assert (channel.asked, left) == ([f"ref-{keys[1]}"], 0)


@dataclass(slots=True, kw_only=True)
class LookedUpChannel(ScriptedChannel):
    """One that knows that it has everything."""

    asked: list[str] = field(default_factory=list[str])

    async def look_up(self, references: Sequence[str]) -> Sequence[Sequence[Signal]]:
        self.asked += references
        return [[Signal(type=Type.ACCEPTED, provider_id=one, event_id=one)] for one in references]


async def handed_over(connection: Connection, place: Workplace, number: int) -> str:
    """The dispatch key of a communication that the channel has."""
    communication_id = await communication(connection, number, State.DISPATCHING, plan=("email",))
    key = dispatch_key(communication_id, 0, 0)
    state = DispatchState.DISPATCHING
    intent = Intent(dispatch_key=key, communication_id=communication_id, hop=0, connection="email", state=state)
    await dispatches.intend(connection, [intent], place.now())
    (found,) = await communications.find(connection, communication_id.hex)
    said = Receipt(reference=f"ref-{key}", awaits_report=True)
    answer = Answered(communication_id=communication_id, batch_id=found.batch_id, dispatch_key=key, said=said)
    await close(place, connection, "email", [answer])
    return key


def _taken(dispatch: Dispatch) -> Answer:
    return Receipt(reference=dispatch.dispatch_key, awaits_report=True)


async def test_where_nobody_can_be_asked_the_deadline_alone_counts(office: OpenOffice) -> None:
    channel = ScriptedChannel(answer=_taken)
    async with office(BY_MAILGUN, instead={"email": channel}) as opened:
        await opened.send(notice("1", email="a@x.test"), notice("2", email="a@x.test"))
        await opened.work_until(("1", State.DISPATCHED), ("2", State.DISPATCHED))
        one, other = (channel.keys[0], channel.keys[1])
        delivered = replace(told(other, Type.DELIVERED), final=True)
        await keep_reports(opened.place, [told(one, Type.SENT), delivered])
        await pass_by(opened, timedelta(days=6))
        await chase(opened.place, "email")
        before = await causes(opened)
        await pass_by(opened, timedelta(days=2))
        await chase(opened.place, "email")
        states = sorted([str(await opened.state_of("1")), str(await opened.state_of("2"))])
        after = await causes(opened)
        choice = Choice(fingerprint=(await failure_groups(opened.place.pool))[0].fingerprint)
        arrived = {"actor": "ann", "reason": "it is in their log"}
        settled = await settle(opened.place.pool, opened.place.jobs, choice, Settlement.ARRIVED, **arrived)
        account = await opened.account()

    assert (settled, account.states) == (1, {State.COMPLETED: 2})
    assert (before, [number for _, number in after]) == ([], [1])
    assert states == [State.COMPLETED, State.OUTCOME_UNKNOWN]
    assert len(channel.given) == 2


async def test_what_was_never_acknowledged_becomes_a_question_once_and_is_not_sent_again(office: OpenOffice) -> None:
    channel = ScriptedChannel(answer=_taken)
    async with office(instead={"email": channel}) as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work_until(("1", State.DISPATCHED))
        batch_id = (await opened.explain("1")).found.batch_id
        attempt = Attempt(
            stage="overdue", ids={"batch_id": batch_id, "channel": "email"}, priority=0, number=1, job_id=0
        )
        await overdue(opened.place, attempt, batch_id, "email")
        before = await causes(opened)
        async with transaction(opened.place.pool) as connection:
            await connection.execute("UPDATE communication SET moved_at = moved_at - interval '8 days'")
        for _ in range(2):
            await overdue(opened.place, attempt, batch_id, "email")
        after, state = await causes(opened), await opened.state_of("1")
        await keep_reports(opened.place, [told(channel.keys[0], Type.DELIVERED)])
        late = await opened.state_of("1"), await causes(opened)

    assert (before, after) == (
        [],
        [("email has not acknowledged it within 7 d; ask there, then settle it", 1)],
    )
    assert (state, late, len(channel.given)) == (State.OUTCOME_UNKNOWN, (State.COMPLETED, []), 1)
