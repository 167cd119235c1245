"""The same channel against Debian's Postfix: a real relay, whose reports come back on their own.

Postfix takes our mails, hands them to systems that do as the recipient's domain says, and delivers what it reports to
a Maildir of the bounce domain. It runs from a folder of its own; no service of the machine is touched.
"""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.connectors.smtp.scripted_relay import ScriptedRelay, scripted_relay
from xconnector.connectors.smtp.channel import SmtpChannel
from xconnector.connectors.smtp.settings import SmtpSettings
from xconnector.contract.channel import Receipt
from xconnector.contract.manifest import Surroundings
from xconnector.domain.delivery import DeliveryEvent
from xconnector.testing.dispatches import sample_dispatch

pytestmark = [pytest.mark.peer("postfix"), pytest.mark.slow]

DESTINATIONS: Mapping[str, Mapping[str, str | None]] = {
    "takes.test": {},
    "knows-nobody.test": {"RCPT": "550 5.1.1 <anna@knows-nobody.test>: Recipient address rejected: User unknown"},
    "is-full.test": {"RCPT": "452 4.2.2 <anna@is-full.test>: mailbox full"},
}
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = relay.aurora.test
mydestination =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
transport_maps = inline:{{ {transports} }}
virtual_mailbox_domains = bounces.aurora.test
virtual_mailbox_base = {folder}
virtual_mailbox_maps = static:bounces/
virtual_uid_maps = static:{user}
virtual_gid_maps = static:{group}
smtputf8_enable = yes
delay_warning_time = 1s
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
maximal_queue_lifetime = 5s
bounce_queue_lifetime = 5s
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
error     unix  - - n - - error
retry     unix  - - n - - error
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
flush     unix  n - n 1000? 0 flush
postlog   unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postfix:
    folder: Path
    port: int
    destinations: Mapping[str, ScriptedRelay]

    def channel(self) -> SmtpChannel:
        settings = {
            "host": "127.0.0.1",
            "port": self.port,
            "tls": "none",
            "sender": {"address": "service@aurora.test", "name": "Aurora Versicherung AG"},
            "bounce_domain": "bounces.aurora.test",
            "token_secret": "a secret of some length",
            "bounces": {"maildir": "bounces"},
            "success_reports": True,
            "timeout": 20,
        }
        surroundings = Surroundings(project_folder=self.folder, state_folder=self.folder)
        return SmtpChannel(SmtpSettings.model_validate(settings), surroundings)

    async def reports(self, expected: int) -> list[DeliveryEvent]:
        """Wait for so many events, at most 40 seconds."""
        found: list[DeliveryEvent] = []
        async with self.channel() as channel:
            for _ in range(400):
                async for report in channel.reports():
                    found.extend(report.item)
                    await report.ack()
                if len(found) >= expected:
                    break
                await asyncio.sleep(0.1)
        return found


@asynccontextmanager
async def started_postfix() -> AsyncGenerator[Postfix]:
    if os.geteuid() != 0:
        reason = "Postfix starts as root only"
        pytest.fail(reason) if os.environ.get("XCONNECTOR_REQUIRE_PEERS") else pytest.skip(reason)
    # Not pytest's own folder: Postfix drops its rights and must still get there.
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    folder.chmod(0o755)
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        destinations = {
            domain: await stack.enter_async_context(scripted_relay(answers)) for domain, answers in DESTINATIONS.items()
        }
        postfix = Postfix(folder=folder, port=free_port(), destinations=destinations)
        configure(postfix)
        await run("postfix", "-c", str(folder), "check")
        master = await asyncio.create_subprocess_exec(program("master"), "-c", str(folder), "-d")
        try:
            await listening(postfix.port)
            yield postfix
        finally:
            master.send_signal(signal.SIGTERM)
            await master.wait()


def configure(postfix: Postfix) -> None:
    transports = ", ".join(
        f"{{{domain} = smtp:[127.0.0.1]:{relay.port}}}" for domain, relay in postfix.destinations.items()
    )
    owner = pwd.getpwnam("postfix")
    nobody = pwd.getpwnam("nobody")
    for name in ("queue", "data", "bounces"):
        (postfix.folder / name).mkdir()
    os.chown(postfix.folder / "data", owner.pw_uid, owner.pw_gid)
    os.chown(postfix.folder / "bounces", nobody.pw_uid, nobody.pw_gid)
    filled = MAIN.format(folder=postfix.folder, transports=transports, user=nobody.pw_uid, group=nobody.pw_gid)
    (postfix.folder / "main.cf").write_text(filled)
    (postfix.folder / "master.cf").write_text(MASTER.format(port=postfix.port))


def program(name: str) -> str:
    found = shutil.which(name, path="/usr/lib/postfix/sbin:/usr/libexec/postfix:/usr/sbin")
    assert found is not None, f"Postfix is installed without {name}"
    return found


async def run(name: str, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(program(name), *arguments)
    assert await process.wait() == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def listening(port: int) -> None:
    for _ in range(100):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            await writer.wait_closed()
            return
    pytest.fail("Postfix did not listen within ten seconds")


async def sent(postfix: Postfix, addresses: Sequence[str]) -> dict[str, str]:
    """Send a mail to each address and return the dispatch key of each domain."""
    dispatches = [
        replace(dispatch, recipient=replace(dispatch.recipient, email=address))
        for number, address in enumerate(addresses, 1)
        for dispatch in [sample_dispatch(number)]
    ]
    async with postfix.channel() as channel:
        results = await channel.send(dispatches)
    assert all(isinstance(result, Receipt) for result in results), results
    return {address: dispatch.dispatch_key for address, dispatch in zip(addresses, dispatches, strict=True)}


async def test_what_postfix_reports_becomes_what_happened() -> None:
    async with started_postfix() as postfix:
        keys = await sent(postfix, ["anna@takes.test", "anna@knows-nobody.test", "anna@is-full.test"])

        events = await postfix.reports(expected=4)

    told = {
        (event.dispatch_key, event.type.value, event.reason and event.reason.value, event.final) for event in events
    }
    assert told == {
        (keys["anna@takes.test"], "sent", None, True),
        (keys["anna@knows-nobody.test"], "bounced", "address", True),
        (keys["anna@is-full.test"], "deferred", "mailbox_full", False),
        (keys["anna@is-full.test"], "expired", "mailbox_full", True),
    }
    assert "anna" not in " ".join(event.detail for event in events)


async def test_a_mail_passes_postfix_whole() -> None:
    async with started_postfix() as postfix:
        keys = await sent(postfix, ["jördis@takes.test"])
        await postfix.reports(expected=1)
        (arrived,) = postfix.destinations["takes.test"].contents

    assert f"X-XConnector-Dispatch: {keys['jördis@takes.test']}".encode() in arrived
    assert "jördis@takes.test".encode() in arrived
