"""A mail relay that takes mails over real SMTP and sends real bounces, by what the recipient is called."""

import asyncio
import json
import os
import re
import ssl
from asyncio import AbstractServer, Task
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from xconnector.sandbox.delivery_report import (
    REPORTING_SYSTEM,
    Outcome,
    ReportedMail,
    delivery_report,
    put_into_maildir,
    vacation_reply,
)

_DISPATCH_FIELD = "X-XConnector-Dispatch"
_FILE_NAME = re.compile(r"[\w.-]{1,100}", re.ASCII)
_DSN_PARAMETER = re.compile(r" (ENVID|RET|NOTIFY|ORCPT)=(\S+)", re.IGNORECASE)
_LARGEST_MAIL = 50 * 1024 * 1024

_NO_SUCH_MAILBOX = Outcome(
    action="failed", status="5.1.1", diagnostic="550 5.1.1 User unknown in virtual mailbox table"
)
_REPORT_BY_PREFIX: Mapping[str, Outcome] = {
    "bounce": _NO_SUCH_MAILBOX,
    "unknown": _NO_SUCH_MAILBOX,
    "full": Outcome(action="failed", status="4.2.2", diagnostic="452 4.2.2 Mailbox full"),
    "blocked": Outcome(
        action="failed",
        status="5.7.1",
        diagnostic="554 5.7.1 Service unavailable; client host blocked using a blocklist",
    ),
    "delay": Outcome(action="delayed", status="4.4.1", diagnostic="451 4.4.1 Connection timed out"),
}
_RELAYED = Outcome(action="relayed", status="2.0.0", diagnostic="250 2.0.0 Ok")
_NOTIFY_BY_ACTION = {"failed": "FAILURE", "delayed": "DELAY", "relayed": "SUCCESS"}


@dataclass(slots=True, kw_only=True)
class Behaviour:
    """What the relay is told to do; may change while it runs."""

    slow: float = 0.0
    """Seconds before each mail is answered."""
    lose_answers: bool = False
    """Takes mails and breaks the line off instead of answering."""
    refused: set[str] = field(default_factory=set[str])
    """Recipients that are refused beside those called `refuse-…`."""
    login: tuple[str, str] | None = None
    """User and password without which nothing is taken."""


class _DsnEnvelope(Envelope):
    """An envelope with the parameters of RFC 3461, which aiosmtpd itself does not take."""

    def __init__(self) -> None:
        super().__init__()
        self.dsn: dict[str, str] = {}


class _DsnProtocol(SMTP):
    """SMTP with the DSN extension."""

    def _create_envelope(self) -> Envelope:
        return _DsnEnvelope()

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd finds commands by name
        await super().smtp_MAIL(self._without_dsn(arg))

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd finds commands by name
        await super().smtp_RCPT(self._without_dsn(arg))

    def _without_dsn(self, arg: str | None) -> str | None:
        if arg is None:
            return None
        envelope = cast("_DsnEnvelope", self.envelope)
        for name, value in _DSN_PARAMETER.findall(arg):
            envelope.dsn[name.upper()] = value
        return _DSN_PARAMETER.sub("", arg)


class SandboxRelay:
    """The relay. Entered, it listens; left, it has delivered every report that was still to come."""

    def __init__(
        self,
        folder: Path,
        bounces_maildir: Path,
        *,
        port: int = 0,
        bounce_after: float = 1.0,
        behaviour: Behaviour | None = None,
        tls_context: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
    ) -> None:
        self.port = port
        self.behaviour = behaviour or Behaviour()
        self._folder = folder
        self._maildir = bounces_maildir
        self._bounce_after = bounce_after
        self._tls_context = tls_context
        self._implicit_tls = implicit_tls
        self._server: AbstractServer | None = None
        self._protocols: WeakSet[_DsnProtocol] = WeakSet()
        self._met: set[str] = set()
        self._reports: set[Task[None]] = set()
        self._ends = asyncio.Event()

    async def __aenter__(self) -> Self:
        (self._folder / "mails").mkdir(parents=True, exist_ok=True)
        for name in ("tmp", "new", "cur"):
            (self._maildir / name).mkdir(parents=True, exist_ok=True)
        await self.come_up()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self.go_down()
        self._ends.set()
        await asyncio.gather(*self._reports)

    @property
    def is_up(self) -> bool:
        return self._server is not None

    async def come_up(self) -> None:
        """Listen, at the same port as before."""
        loop = asyncio.get_running_loop()
        tls = self._tls_context if self._implicit_tls else None
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def go_down(self) -> None:
        """Stop listening and break off every line."""
        if self._server is None:
            return
        self._server.close()
        for protocol in list(self._protocols):
            if protocol.transport is not None:
                # Python 3.11.2, Debian 12's, has forgotten the line of a TLS transport that was closed twice.
                with suppress(AttributeError):
                    cast("asyncio.WriteTransport", protocol.transport).abort()
        await self._server.wait_closed()
        self._server = None
        # One turn of the loop, in which the protocols learn that their lines are gone.
        await asyncio.sleep(0)

    def arrivals(self) -> list[dict[str, Any]]:
        """Return a line for each mail that was taken."""
        try:
            lines = (self._folder / "arrivals.jsonl").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines]

    def content_of(self, arrival: Mapping[str, Any]) -> bytes:
        """Return the stored mail, with Return-Path and Delivered-To above its own header."""
        return (self._folder / "mails" / arrival["file"]).read_bytes()

    # ---------------------------------------------------------------- what aiosmtpd asks of us

    async def handle_EHLO(  # noqa: N802 - aiosmtpd finds hooks by name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        del server, envelope
        session.host_name = hostname
        return [*responses[:-1], "250-DSN", responses[-1]]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd finds hooks by name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, mail_options: list[str]
    ) -> str:
        del server
        if self.behaviour.login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds hooks by name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        del server, session
        prefix = _prefix(address)
        if prefix == "refuse" or address in self.behaviour.refused:
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
        if prefix in {"tempfail", "greylist"} and address not in self._met:
            self._met.add(address)
            return f"451 4.7.1 <{address}>: Recipient address rejected: Greylisted"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del session
        await asyncio.sleep(self.behaviour.slow)
        names = [self._keep(recipient, cast("_DsnEnvelope", envelope)) for recipient in envelope.rcpt_tos]
        if self.behaviour.lose_answers or any(_prefix(recipient) == "drop" for recipient in envelope.rcpt_tos):
            cast("asyncio.WriteTransport", server.transport).abort()
            # aiosmtpd cancels us as soon as it learns that the line is gone.
            await asyncio.Event().wait()
        return f"250 2.0.0 Ok: queued as {names[0]}"

    # ---------------------------------------------------------------- one mail

    def _protocol(self) -> _DsnProtocol:
        protocol = _DsnProtocol(
            self,
            hostname=REPORTING_SYSTEM,
            ident="xConnector sandbox",
            data_size_limit=_LARGEST_MAIL,
            enable_SMTPUTF8=True,
            tls_context=None if self._implicit_tls else self._tls_context,
            auth_require_tls=False,
            authenticator=self._authenticate,
            loop=asyncio.get_running_loop(),
        )
        self._protocols.add(protocol)
        return protocol

    def _authenticate(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        mechanism: str,
        auth_data: Any,  # noqa: ANN401
    ) -> AuthResult:
        del server, session, envelope, mechanism
        given = cast("LoginPassword", auth_data)
        success = self.behaviour.login == (given.login.decode(), given.password.decode())
        return AuthResult(success=success, handled=False)

    def _keep(self, recipient: str, envelope: _DsnEnvelope) -> str:
        """Store one mail durably and plan the report on it; return its name."""
        content = cast("bytes", envelope.original_content)
        header = BytesHeaderParser().parsebytes(content)
        dispatch_key = str(header.get(_DISPATCH_FIELD, ""))
        name = self._store(content, sender=envelope.mail_from or "", recipient=recipient, dispatch_key=dispatch_key)
        self._note(
            dispatch_key=dispatch_key,
            recipient=recipient,
            sender=envelope.mail_from,
            envelope_id=envelope.dsn.get("ENVID"),
            notify=envelope.dsn.get("NOTIFY"),
            received_at=datetime.now(UTC).isoformat(),
            file=name,
        )
        mail = ReportedMail(
            sender=envelope.mail_from or "",
            recipient=recipient,
            envelope_id=envelope.dsn.get("ENVID"),
            original_recipient=envelope.dsn.get("ORCPT"),
            header=content.partition(b"\r\n\r\n")[0],
        )
        self._plan_report(mail, notify=envelope.dsn.get("NOTIFY", "FAILURE,DELAY").upper().split(","))
        return name.removesuffix(".eml")

    def _store(self, content: bytes, *, sender: str, recipient: str, dispatch_key: str) -> str:
        stem = dispatch_key if _FILE_NAME.fullmatch(dispatch_key) else "mail"
        name, number = f"{stem}.eml", 1
        while (self._folder / "mails" / name).exists():
            number += 1
            name = f"{stem}~{number}.eml"
        above = f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n".encode()
        (self._folder / "mails" / name).write_bytes(above + content)
        return name

    def _note(self, **arrival: object) -> None:
        """Append a line that survives whatever happens after the answer."""
        with (self._folder / "arrivals.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(arrival) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _plan_report(self, mail: ReportedMail, *, notify: Sequence[str]) -> None:
        prefix = _prefix(mail.recipient)
        if prefix == "away":
            self._report_later(mail, None)
            return
        outcome = _REPORT_BY_PREFIX.get(prefix, _RELAYED)
        if _NOTIFY_BY_ACTION[outcome.action] in notify:
            self._report_later(mail, outcome)

    def _report_later(self, mail: ReportedMail, outcome: Outcome | None) -> None:
        if not mail.sender:
            return  # RFC 5321 section 4.5.5: nobody answers a report

        async def report() -> None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ends.wait(), self._bounce_after)
            now = datetime.now(UTC)
            content = delivery_report(mail, outcome, now=now) if outcome else vacation_reply(mail, now=now)
            put_into_maildir(self._maildir, content, envelope_recipient=mail.sender, now=now)

        task = asyncio.get_running_loop().create_task(report())
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)


def _prefix(address: str) -> str:
    local_part = address.rpartition("@")[0]
    return local_part.partition("-")[0].lower() if "-" in local_part else ""
