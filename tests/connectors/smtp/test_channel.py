"""What each answer of a relay means, and what is said to it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.smtp.scripted_relay import BREAK, SILENCE, ScriptedRelay, scripted_relay
from tests.connectors.smtp.stand_in import email_rendition
from xconnector.connectors.smtp.channel import SmtpChannel
from xconnector.connectors.smtp.settings import SmtpSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.contract.manifest import Surroundings
from xconnector.domain.document import Rendition, RenditionKind
from xconnector.testing.dispatches import sample_dispatch

SETTINGS: dict[str, Any] = {
    "host": "127.0.0.1",
    "tls": "none",
    "sender": {"address": "service@aurora.test"},
    "bounce_domain": "bounces.aurora.test",
    "token_secret": "a secret of some length",
    "timeout": 5,
}
DSN = "250-scripted.test\r\n250-SIZE 50000000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 DSN"


@asynccontextmanager
async def channel_to(port: int, **settings: Any) -> AsyncGenerator[SmtpChannel]:  # noqa: ANN401 - any setting
    surroundings = Surroundings(project_folder=Path("/nowhere"), state_folder=Path("/nowhere"))
    chosen = SmtpSettings.model_validate({**SETTINGS, "port": port, **settings})
    async with SmtpChannel(chosen, surroundings) as channel:
        yield channel


async def results_of(
    relay: ScriptedRelay,
    *dispatches: Dispatch,
    **settings: Any,  # noqa: ANN401 - any setting
) -> Sequence[Receipt | ConnectorError]:
    async with channel_to(relay.port, **settings) as channel:
        return await channel.send(dispatches or [sample_dispatch()])


def said(relay: ScriptedRelay, verb: str) -> list[str]:
    return [command for command in relay.commands if command.startswith(verb)]


@pytest.mark.parametrize(
    "answers, expected",
    [
        # before a session stands
        ({"GREETING": "421 4.3.2 shutting down"}, TransientError),
        ({"GREETING": "554 5.7.1 no service for you"}, MisconfiguredError),
        ({"GREETING": BREAK}, TransientError),
        ({"GREETING": "nonsense"}, TransientError),
        ({"EHLO": BREAK}, TransientError),
        ({"EHLO": "421 4.3.2 shutting down"}, TransientError),
        # the sender, who is the same for every mail
        ({"MAIL": "451 4.3.0 try again"}, TransientError),
        ({"MAIL": "452 4.3.1 no space"}, TransientError),
        ({"MAIL": "530 5.7.0 Authentication required"}, MisconfiguredError),
        ({"MAIL": "553 5.7.1 sender not owned by user"}, MisconfiguredError),
        ({"MAIL": "552 5.3.4 too large"}, PermanentError),
        ({"MAIL": BREAK}, TransientError),
        # the recipient
        ({"RCPT": "450 4.2.0 greylisted"}, TransientError),
        ({"RCPT": "452 4.5.3 too many recipients"}, TransientError),
        ({"RCPT": "550 5.1.1 user unknown"}, PermanentError),
        ({"RCPT": "554 5.7.1 relay access denied"}, PermanentError),
        ({"RCPT": "530 5.7.0 Authentication required"}, MisconfiguredError),
        ({"RCPT": "421 4.7.0 too many errors"}, TransientError),
        ({"RCPT": BREAK}, TransientError),
        # the content
        ({"DATA": "451 4.3.0 not now"}, TransientError),
        ({"DATA": "554 5.5.1 no valid recipients"}, PermanentError),
        ({"DATA": BREAK}, TransientError),
        ({"CONTENT": "451 4.7.1 try again"}, TransientError),
        ({"CONTENT": "421 4.3.0 shutting down"}, TransientError),
        ({"CONTENT": "554 5.7.1 spam"}, PermanentError),
        ({"CONTENT": BREAK}, OutcomeUnknownError),
        ({"CONTENT": "nonsense"}, OutcomeUnknownError),
    ],
)
async def test_an_answer_is_one_of_the_four_errors(
    answers: dict[str, str | None], expected: type[ConnectorError]
) -> None:
    async with scripted_relay(answers) as relay:
        results = await results_of(relay)

    assert [type(result) for result in results] == [expected]


@pytest.mark.parametrize("about", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"])
async def test_silence_before_the_final_dot_is_transient(about: str) -> None:
    async with scripted_relay({about: SILENCE}) as relay:
        results = await results_of(relay, timeout=0.3)

    assert [type(result) for result in results] == [TransientError]


async def test_silence_after_the_final_dot_is_outcome_unknown() -> None:
    async with scripted_relay({"CONTENT": SILENCE}) as relay:
        (result,) = await results_of(relay, timeout=0.3)

    assert isinstance(result, OutcomeUnknownError)
    assert "@bounces.aurora.test>" in str(result)


async def test_a_line_that_breaks_inside_a_large_mail_is_transient() -> None:
    dispatch = sample_dispatch()
    large = Rendition.of(RenditionKind.LETTER, bytes(30_000_000), pages=1)
    async with scripted_relay() as relay:
        relay.breaks_after = 1000
        results = await results_of(relay, replace(dispatch, renditions={**dispatch.renditions, large.kind: large}))

    assert [type(result) for result in results] == [TransientError]


async def test_a_name_that_nobody_knows_is_transient() -> None:
    async with channel_to(25, host="relay.invalid", plain_text_allowed=True) as channel:
        (result,) = await channel.send([sample_dispatch()])

    assert isinstance(result, TransientError)


async def test_many_mails_go_through_one_session() -> None:
    async with scripted_relay() as relay:
        results = await results_of(relay, *map(sample_dispatch, range(1, 6)))

    assert all(isinstance(result, Receipt) for result in results)
    assert (relay.sessions, len(relay.contents)) == (1, 5)


async def test_a_session_is_opened_anew_when_it_is_used_up() -> None:
    async with scripted_relay() as relay:
        await results_of(relay, *map(sample_dispatch, range(1, 6)), messages_per_session=2)

    assert (relay.sessions, len(relay.contents)) == (3, 5)


async def test_a_session_is_opened_anew_after_the_line_was_lost() -> None:
    async with scripted_relay({"CONTENT": BREAK}) as relay:
        results = await results_of(relay, sample_dispatch(1), sample_dispatch(2))

    assert [type(result) for result in results] == [OutcomeUnknownError, OutcomeUnknownError]
    assert relay.sessions == 2


async def test_a_relay_that_cannot_be_reached_is_tried_once_a_list() -> None:
    async with scripted_relay({"GREETING": "421 4.3.2 later"}) as relay:
        results = await results_of(relay, *map(sample_dispatch, range(1, 50)))

    assert {type(result) for result in results} == {TransientError}
    assert relay.sessions == 1


async def test_a_dispatch_that_becomes_no_mail_does_not_bother_the_relay() -> None:
    nobody = replace(sample_dispatch(), recipient=replace(sample_dispatch().recipient, email=None))
    async with scripted_relay() as relay:
        results = await results_of(relay, nobody)

    assert [type(result) for result in results] == [PermanentError]
    assert relay.sessions == 0


async def test_the_relays_name_for_a_mail_is_the_receipt() -> None:
    async with scripted_relay() as relay:
        assert await results_of(relay) == [Receipt(reference="ABC123")]


async def test_where_the_relay_names_nothing_the_message_id_is_the_receipt() -> None:
    async with scripted_relay({"CONTENT": "250 ok"}) as relay:
        (result,) = await results_of(relay)

    assert isinstance(result, Receipt)
    assert result.reference.endswith("@bounces.aurora.test>")


async def test_lines_that_begin_with_a_dot_arrive_whole() -> None:
    dispatch = sample_dispatch()
    async with scripted_relay() as relay:
        await results_of(relay, dispatch)

    arrived = relay.contents[0].replace(b"\r\n..", b"\r\n.")
    assert email_rendition(arrived) == dispatch.renditions[RenditionKind.EMAIL].content
    assert b"\r\n.\r\n" not in relay.contents[0]


async def test_reports_are_asked_for_where_they_are_offered() -> None:
    async with scripted_relay({"EHLO": DSN}) as relay:
        await results_of(relay)

    (mail,) = said(relay, "MAIL")
    token = mail.partition("b+")[2].partition("@")[0]
    assert mail.startswith(f"MAIL FROM:<b+{token}@bounces.aurora.test> SIZE=")
    assert mail.endswith(f" RET=HDRS ENVID={token}")
    assert said(relay, "RCPT") == [
        "RCPT TO:<joerdis.saemann.1@customers.test> NOTIFY=FAILURE,DELAY ORCPT=rfc822;joerdis.saemann.1@customers.test"
    ]


async def test_reports_of_success_are_asked_for_when_wanted() -> None:
    async with scripted_relay({"EHLO": DSN}) as relay:
        await results_of(relay, success_reports=True)

    assert "NOTIFY=SUCCESS,FAILURE,DELAY" in said(relay, "RCPT")[0]


async def test_an_address_is_written_in_xtext() -> None:
    dispatch = sample_dispatch()
    async with scripted_relay({"EHLO": DSN}) as relay:
        await results_of(relay, replace(dispatch, recipient=replace(dispatch.recipient, email="a+b=c@customers.test")))

    assert said(relay, "RCPT")[0].endswith("ORCPT=rfc822;a+2Bb+3Dc@customers.test")


async def test_nothing_is_asked_of_a_relay_that_offers_nothing() -> None:
    async with scripted_relay({"EHLO": "250 scripted.test"}) as relay:
        await results_of(relay)

    assert said(relay, "MAIL")[0].endswith("@bounces.aurora.test>")
    assert said(relay, "RCPT") == ["RCPT TO:<joerdis.saemann.1@customers.test>"]


async def test_an_address_beyond_ascii_needs_a_relay_that_takes_it() -> None:
    dispatch = sample_dispatch()
    beyond = replace(dispatch, recipient=replace(dispatch.recipient, email="jördis@customers.test"))
    async with scripted_relay() as able, scripted_relay({"EHLO": "250 scripted.test"}) as unable:
        assert await results_of(able, beyond) == [Receipt(reference="ABC123")]
        (refused,) = await results_of(unable, beyond)

    assert said(able, "MAIL")[0].endswith(" BODY=8BITMIME SMTPUTF8")
    assert said(able, "RCPT") == ["RCPT TO:<jördis@customers.test>"]
    assert isinstance(refused, PermanentError)


async def test_a_body_beyond_ascii_needs_a_relay_that_takes_it() -> None:
    dispatch = sample_dispatch()
    german = Rendition.of(RenditionKind.EMAIL, "Subject: a\r\n\r\nGrüße\r\n".encode())
    beyond = replace(dispatch, renditions={**dispatch.renditions, german.kind: german})
    async with scripted_relay() as able, scripted_relay({"EHLO": "250 scripted.test"}) as unable:
        assert await results_of(able, beyond) == [Receipt(reference="ABC123")]
        (refused,) = await results_of(unable, beyond)

    assert said(able, "MAIL")[0].endswith(" BODY=8BITMIME")
    assert isinstance(refused, PermanentError)


async def test_a_mail_larger_than_the_relay_takes_is_refused_before_it_travels() -> None:
    async with scripted_relay({"EHLO": "250-scripted.test\r\n250 SIZE 500"}) as relay:
        (result,) = await results_of(relay)

    assert isinstance(result, PermanentError)
    assert not said(relay, "MAIL")


async def test_without_starttls_nothing_is_said() -> None:
    async with scripted_relay() as relay:
        (result,) = await results_of(relay, tls="starttls", user="xconnector", password="secret")

    assert isinstance(result, MisconfiguredError)
    assert [command.partition(" ")[0] for command in relay.commands] == ["EHLO"]


async def test_a_login_that_is_not_offered_is_misconfigured() -> None:
    async with scripted_relay() as relay:
        (result,) = await results_of(relay, user="xconnector", password="secret")

    assert isinstance(result, MisconfiguredError)


async def test_a_login_that_cannot_be_checked_now_is_transient() -> None:
    offer = "250-scripted.test\r\n250 AUTH PLAIN"
    async with scripted_relay({"EHLO": offer, "AUTH": "454 4.7.0 try again"}) as relay:
        (result,) = await results_of(relay, user="xconnector", password="secret")

    assert isinstance(result, TransientError)


async def test_a_hand_over_that_is_cancelled_leaves_no_half_mail() -> None:
    async with scripted_relay({"CONTENT": SILENCE}) as relay, channel_to(relay.port) as channel:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(channel.send([sample_dispatch()]), 0.5)
        await asyncio.sleep(0.05)

    assert relay.commands[-1] == "DATA"


async def test_check_says_hello_and_goodbye() -> None:
    async with scripted_relay() as relay, channel_to(relay.port) as channel:
        await channel.check()

    assert [command.partition(" ")[0] for command in relay.commands] == ["EHLO", "QUIT"]
