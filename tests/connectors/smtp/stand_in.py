"""The relay of the sandbox, as the outside system of the smtp connector."""

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any, cast

from xconnector.contract.channel import Recipient
from xconnector.domain.document import RenditionKind, content_digest
from xconnector.sandbox.relay import Behaviour, SandboxRelay
from xconnector.testing.conformance import Arrival

USER, PASSWORD = "xconnector", "a-password-nobody-may-see"
SECRET = "a-token-secret-nobody-may-see"


class SmtpStandIn:
    def __init__(self, relay: SandboxRelay, folder: Path) -> None:
        self.relay = relay
        self.maildir = folder / "bounces"

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self.relay.port,
            "tls": "none",
            "user": USER,
            "password": PASSWORD,
            "sender": {"address": "service@aurora.test", "name": "Aurora Versicherung AG"},
            "bounce_domain": "bounces.aurora.test",
            "token_secret": SECRET,
            "bounces": {"maildir": str(self.maildir)},
            "timeout": 10,
        }

    async def arrived(self) -> Sequence[Arrival]:
        return [
            Arrival(dispatch_key=line["dispatch_key"], digests=digests(self.relay.content_of(line)))
            for line in self.relay.arrivals()
        ]

    async def go_down(self) -> None:
        await self.relay.go_down()

    async def lose_answers(self) -> None:
        self.relay.behaviour.lose_answers = True

    async def refuse(self, recipient: Recipient) -> None:
        assert recipient.email is not None
        self.relay.behaviour.refused.add(recipient.email)

    async def reject_credentials(self) -> None:
        self.relay.behaviour.login = (USER, "another password")


@asynccontextmanager
async def open_stand_in(folder: Path) -> AsyncGenerator[SmtpStandIn]:
    behaviour = Behaviour(login=(USER, PASSWORD))
    async with SandboxRelay(folder, folder / "bounces", bounce_after=0.05, behaviour=behaviour) as relay:
        yield SmtpStandIn(relay, folder)


def digests(mail: bytes) -> dict[RenditionKind, str]:
    """Put the renditions together again from a mail that arrived, byte for byte."""
    letter = next(part for part in message_from_bytes(mail).walk() if part.get_content_type() == "application/pdf")
    return {
        RenditionKind.EMAIL: content_digest(email_rendition(mail)),
        RenditionKind.LETTER: content_digest(cast("bytes", letter.get_payload(decode=True))),
    }


def email_rendition(mail: bytes) -> bytes:
    """Return the e-mail part as it was composed: Subject and MIME-Version above the untouched first part."""
    head, _, body = mail.partition(b"\r\n\r\n")
    subject = re.search(rb"^Subject:.*\r\n(?:[ \t].*\r\n)*", head, re.MULTILINE)
    assert subject is not None
    boundary = message_from_bytes(mail).get_boundary()
    assert boundary is not None
    first_part = body.split(f"--{boundary}\r\n".encode())[1].removesuffix(b"\r\n")
    return subject[0] + b"MIME-Version: 1.0\r\n" + first_part
