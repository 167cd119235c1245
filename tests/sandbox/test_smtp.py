"""The relay of the sandbox: a program that takes mails, notes each, and bounces by what the recipient is called."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from xconnector.connectors.smtp.channel import SmtpChannel
from xconnector.connectors.smtp.settings import SmtpSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError, PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.domain.delivery import DeliveryEvent
from xconnector.testing.dispatches import sample_dispatch


@asynccontextmanager
async def sandbox(folder: Path, *options: str) -> AsyncGenerator[tuple[Process, int]]:
    command = [sys.executable, "-m", "xconnector.sandbox.smtp", "--folder", str(folder), "--bounce-after", "0.1"]
    process = await asyncio.create_subprocess_exec(
        *command, "--bounces-maildir", str(folder / "bounces"), *options, stdout=PIPE
    )
    assert process.stdout is not None
    try:
        ready = json.loads(await process.stdout.readline())
        yield process, ready["port"]
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def channel_of(folder: Path, port: int, **settings: Any) -> SmtpChannel:  # noqa: ANN401 - any setting
    chosen = SmtpSettings.model_validate(
        {
            "host": "127.0.0.1",
            "port": port,
            "tls": "none",
            "sender": {"address": "service@aurora.test"},
            "bounce_domain": "bounces.aurora.test",
            "token_secret": "a secret of some length",
            "bounces": {"maildir": "bounces"},
            "timeout": 5,
            **settings,
        }
    )
    return SmtpChannel(chosen, Surroundings(project_folder=folder, state_folder=folder))


def to(email: str, number: int = 1) -> Dispatch:
    dispatch = sample_dispatch(number)
    return replace(dispatch, recipient=replace(dispatch.recipient, email=email))


def arrivals(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "arrivals.jsonl").read_text().splitlines()]


async def events_of(channel: SmtpChannel) -> list[DeliveryEvent]:
    """Wait for the next news, at most five seconds."""
    for _ in range(100):
        found: list[DeliveryEvent] = []
        async for report in channel.reports():
            found.extend(report.item)
            await report.ack()
        if found:
            return found
        await asyncio.sleep(0.05)
    return []


async def send(channel: SmtpChannel, *dispatches: Dispatch) -> list[Receipt | ConnectorError]:
    return list(await channel.send(dispatches))


@pytest.mark.parametrize(
    "recipient, kind, reason, final",
    [
        ("bounce-1@customers.test", "bounced", "address", True),
        ("unknown-1@customers.test", "bounced", "address", True),
        ("full-1@customers.test", "expired", "mailbox_full", True),
        ("blocked-1@customers.test", "bounced", "blocked", True),
        ("delay-1@customers.test", "deferred", "unreachable", False),
        ("away-1@customers.test", "autoreplied", None, False),
    ],
)
async def test_a_recipients_name_decides_what_is_reported(
    tmp_path: Path, *, recipient: str, kind: str, reason: str | None, final: bool
) -> None:
    dispatch = to(recipient)
    async with sandbox(tmp_path) as (_, port), channel_of(tmp_path, port) as channel:
        (result,) = await send(channel, dispatch)
        events = await events_of(channel)

    assert isinstance(result, Receipt)
    assert [
        (event.dispatch_key, event.type.value, event.reason and event.reason.value, event.final) for event in events
    ] == [(dispatch.dispatch_key, kind, reason, final)]


async def test_success_is_reported_as_relayed_where_it_was_asked_for(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (_, port), channel_of(tmp_path, port, success_reports=True) as channel:
        await send(channel, to("anna@customers.test"))
        events = await events_of(channel)

    assert [event.type.value for event in events] == ["sent"]


async def test_a_recipient_may_be_refused_at_once(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (_, port), channel_of(tmp_path, port) as channel:
        results = await send(channel, to("refuse-1@customers.test", 1), to("anna@customers.test", 2))

    assert [type(result) for result in results] == [PermanentError, Receipt]


@pytest.mark.parametrize("recipient", ["tempfail-1@customers.test", "greylist-1@customers.test"])
async def test_a_recipient_may_be_refused_only_the_first_time(tmp_path: Path, recipient: str) -> None:
    async with sandbox(tmp_path) as (_, port), channel_of(tmp_path, port) as channel:
        first = await send(channel, to(recipient))
        second = await send(channel, to(recipient))

    assert [type(result) for result in (*first, *second)] == [TransientError, Receipt]


async def test_an_answer_may_be_lost_after_the_mail_was_noted(tmp_path: Path) -> None:
    dispatch = to("drop-1@customers.test")
    async with sandbox(tmp_path) as (_, port), channel_of(tmp_path, port) as channel:
        (result,) = await send(channel, dispatch)

    assert isinstance(result, OutcomeUnknownError)
    assert [arrival["dispatch_key"] for arrival in arrivals(tmp_path)] == [dispatch.dispatch_key]


async def test_every_mail_is_noted_and_kept_with_its_envelope(tmp_path: Path) -> None:
    dispatch = to("anna@customers.test")
    async with sandbox(tmp_path) as (_, port), channel_of(tmp_path, port) as channel:
        await send(channel, dispatch)
        await send(channel, dispatch)

    first, second = arrivals(tmp_path)
    assert first["dispatch_key"] == second["dispatch_key"] == dispatch.dispatch_key
    assert first["recipient"] == "anna@customers.test"
    assert [first["file"], second["file"]] == [f"{dispatch.dispatch_key}.eml", f"{dispatch.dispatch_key}~2.eml"]
    stored = (tmp_path / "mails" / first["file"]).read_text()
    assert stored.startswith(f"Return-Path: <{first['sender']}>\nDelivered-To: anna@customers.test\n")


async def test_a_control_file_takes_it_down_and_up_again(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (_, port), channel_of(tmp_path, port) as channel:
        (tmp_path / "control.json").write_text('{"down": true}')
        await until(lambda: send(channel, to("anna@customers.test")), TransientError)
        (tmp_path / "control.json").write_text('{"down": false}')
        await until(lambda: send(channel, to("anna@customers.test")), Receipt)

    assert len(arrivals(tmp_path)) >= 1


async def test_a_control_file_makes_it_lose_answers(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as (_, port), channel_of(tmp_path, port) as channel:
        (tmp_path / "control.json").write_text('{"lose_answers": true}')
        await until(lambda: send(channel, to("anna@customers.test")), OutcomeUnknownError)


async def test_it_may_be_slow(tmp_path: Path) -> None:
    async with sandbox(tmp_path, "--slow", "0.4") as (_, port), channel_of(tmp_path, port) as channel:
        began = asyncio.get_running_loop().time()
        await send(channel, to("anna@customers.test"))

        assert asyncio.get_running_loop().time() - began >= 0.4


async def test_it_may_want_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XCONNECTOR_SANDBOX_PASSWORD", "secret")
    async with (
        sandbox(tmp_path, "--user", "anna") as (_, port),
        channel_of(tmp_path, port, user="anna", password="secret") as channel,
    ):
        (result,) = await send(channel, to("anna@customers.test"))

    assert isinstance(result, Receipt)


async def test_told_to_end_it_still_delivers_what_is_to_be_reported(tmp_path: Path) -> None:
    async with sandbox(tmp_path, "--bounce-after", "60") as (process, port), channel_of(tmp_path, port) as channel:
        await send(channel, to("bounce-1@customers.test"))
        process.send_signal(signal.SIGTERM)

        assert await process.wait() == 0
        assert [event.type.value for event in await events_of(channel)] == ["bounced"]


async def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    starts_it_and_dies = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-m', 'xconnector.sandbox.smtp',"
        f" '--folder', {str(tmp_path)!r}, '--bounces-maildir', {str(tmp_path / 'bounces')!r}, '--with-parent'],"
        " stdout=subprocess.PIPE); child.stdout.readline(); print(child.pid)"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", starts_it_and_dies, stdout=PIPE)
    assert parent.stdout is not None
    child = int(await parent.stdout.read())
    await parent.wait()

    for _ in range(100):
        if not is_running(child):
            return
        await asyncio.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    pytest.fail("it outlived its parent by ten seconds")


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def until(attempt: Callable[[], Any], expected: type) -> None:
    """Attempt until the result is as expected, at most five seconds."""
    for _ in range(50):
        (result,) = await attempt()
        if isinstance(result, expected):
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"never became {expected.__name__}")
