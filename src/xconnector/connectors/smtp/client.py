"""The wire to an SMTP relay: a session, and one mail after the other through it."""

import asyncio
import re
import ssl
from asyncio import StreamWriter
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPConnectResponseError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)
from aiosmtplib.protocol import SMTPProtocol
from aiosmtplib.response import SMTPResponse

from xconnector.connectors.smtp.settings import Encryption, SmtpSettings
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.contract.mail.message import OutgoingMail
from xconnector.domain.feedback.diagnosis import diagnosed
from xconnector.domain.feedback.status_codes import status_in

_GOES_AHEAD = 354
_CLOSING = 421
_NEEDS_LOGIN = 530
_PERMANENT = 500
_TOO_LARGE = 552
_LINE_START_DOT = re.compile(rb"^\.", re.MULTILINE)
_NOT_XTEXT = re.compile(r"[^!-*,-<>-~]")
_QUEUE_ID = re.compile(r"queued as ([\w.-]+)|\bid[= ]<?([\w.-]+)", re.IGNORECASE)


class Session:
    """One opened session with a relay, through which mails go one after the other.

    Whatever breaks it says one of the four errors. `is_open` tells whether it can take another mail.
    """

    def __init__(self, settings: SmtpSettings, tls_context: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._tls_context = tls_context
        self._timeout = settings.timeout.total_seconds()
        self._smtp = SMTP(
            hostname=settings.host,
            port=settings.port,
            local_hostname=settings.hello_name or settings.sender.address.rpartition("@")[2],
            timeout=self._timeout,
            use_tls=settings.tls is Encryption.TLS,
            start_tls=False,
            tls_context=tls_context,
        )
        self._writer: StreamWriter | None = None
        self._in_transaction = False

    @property
    def is_open(self) -> bool:
        return self._smtp.is_connected

    async def open(self) -> None:
        """Connect, encrypt and log in, as the settings say."""
        with self._reaching_the_relay():
            await self._smtp.connect()
            await self._smtp.ehlo()
            if self._settings.tls is Encryption.STARTTLS:
                await self._encrypt()
            if self._settings.user is not None:
                await self._log_in(self._settings.user)
        self._take_over_writing()

    async def close(self) -> None:
        """Say goodbye if anybody listens."""
        with suppress(SMTPException, OSError):
            if self.is_open:
                await self._smtp.quit(timeout=min(self._timeout, 5.0))
        self._smtp.close()
        if self._writer is not None:
            self._writer.close()

    async def hand_over(self, mail: OutgoingMail) -> str:
        """Hand over one mail and return the relay's name for it, or else its Message-ID."""
        self._refuse_what_the_relay_cannot_take(mail)
        try:
            with self._before_the_final_dot():
                await self._begin(mail)
                await self._write_content(mail)
            return await self._answer(mail)
        except ConnectorError:
            await self._take_back()
            raise
        except BaseException:
            # Cancelled halfway: whatever were said next would be taken for content.
            self._smtp.close()
            raise

    # ---------------------------------------------------------------- opening

    async def _encrypt(self) -> None:
        if not self._smtp.supports_extension("starttls"):
            raise MisconfiguredError(
                f"{self._relay} offers no STARTTLS, so nothing was said to it: use the port that does, or `tls: tls`"
            )
        await self._smtp.starttls(tls_context=self._tls_context)
        await self._smtp.ehlo()

    async def _log_in(self, user: str) -> None:
        password = self._settings.password
        try:
            await self._smtp.login(user, password.get_secret_value() if password else "")
        except SMTPAuthenticationError as refusal:
            if refusal.code >= _PERMANENT:
                raise MisconfiguredError(
                    f"{self._relay} refuses the login with {refusal.code}: correct `user` and `password`"
                ) from None
            raise TransientError(f"{self._relay} cannot check logins at the moment ({refusal.code})") from None
        except (SMTPServerDisconnected, SMTPTimeoutError):
            raise
        except SMTPException:
            raise MisconfiguredError(
                f"{self._relay} offers no login that we speak: leave `user` out, or use the port for submission"
            ) from None

    def _take_over_writing(self) -> None:
        """Write contents ourselves, so that we know how far they got before a line was lost."""
        protocol, transport = self._smtp.protocol, self._smtp.transport
        if protocol is None or not isinstance(transport, asyncio.WriteTransport):
            raise TransientError(f"{self._relay} closed the line")
        # With no buffer of our own, drained means given to the network.
        transport.set_write_buffer_limits(high=0)
        self._writer = StreamWriter(transport, protocol, None, asyncio.get_running_loop())

    # ---------------------------------------------------------------- one mail

    def _refuse_what_the_relay_cannot_take(self, mail: OutgoingMail) -> None:
        if mail.needs_utf8 and not self._smtp.supports_extension("smtputf8"):
            raise PermanentError(
                f"{self._relay} takes no addresses with letters beyond ASCII (SMTPUTF8): route to another channel"
            )
        if mail.needs_8bit and not self._smtp.supports_extension("8bitmime"):
            raise PermanentError(
                f"{self._relay} takes only 7-bit mails: encode the e-mail's parts as quoted-printable or base64"
            )
        limit = self._size_limit
        if limit and len(mail.content) > limit:
            raise PermanentError(
                f"the mail has {len(mail.content)} bytes and {self._relay} takes {limit}: "
                "route to another channel, or set attach_letter: false"
            )

    @property
    def _size_limit(self) -> int:
        announced = self._smtp.esmtp_extensions.get("size", "")
        return int(announced) if announced.isascii() and announced.isdigit() else 0

    async def _begin(self, mail: OutgoingMail) -> None:
        self._in_transaction = True
        sender = await self._say("MAIL", f"FROM:<{mail.envelope_sender}>", *self._mail_parameters(mail))
        if not _is_success(sender):
            self._sender_refused(sender)
        recipient = await self._say("RCPT", f"TO:<{mail.recipient}>", *self._recipient_parameters(mail))
        if not _is_success(recipient):
            self._refused(recipient, "the recipient")
        ready = await self._say("DATA")
        if ready.code != _GOES_AHEAD:
            self._refused(ready, "the mail")

    def _mail_parameters(self, mail: OutgoingMail) -> Iterator[str]:
        if self._smtp.supports_extension("size"):
            yield f"SIZE={len(mail.content)}"
        if mail.needs_8bit:
            yield "BODY=8BITMIME"
        if mail.needs_utf8:
            yield "SMTPUTF8"
        if self._smtp.supports_extension("dsn"):
            # RFC 3461: of a mail that comes back the header is enough, the content need not travel again.
            yield "RET=HDRS"
            yield f"ENVID={mail.envelope_id}"

    def _recipient_parameters(self, mail: OutgoingMail) -> Iterator[str]:
        if not self._smtp.supports_extension("dsn"):
            return
        yield "NOTIFY=SUCCESS,FAILURE,DELAY" if self._settings.success_reports else "NOTIFY=FAILURE,DELAY"
        if not mail.needs_utf8:
            yield f"ORCPT=rfc822;{_xtext(str(mail.recipient))}"

    async def _say(self, *words: str) -> SMTPResponse:
        return await self._smtp.execute_command(*(word.encode() for word in words))

    async def _write_content(self, mail: OutgoingMail) -> None:
        """Write the content and, once it is on its way, the final dot: without that no relay may deliver."""
        writer = self._open_writer()
        writer.write(_LINE_START_DOT.sub(b"..", mail.content))
        async with asyncio.timeout(self._timeout):
            await writer.drain()
        self._open_writer().write(b".\r\n")

    async def _answer(self, mail: OutgoingMail) -> str:
        """Await what the relay says of the whole mail; from here on, silence does not mean that nothing happened."""
        try:
            answer = await self._open_protocol().read_response(timeout=self._timeout)
        except (SMTPException, OSError):
            self._smtp.close()
            raise OutcomeUnknownError(
                f"{self._relay} got the whole mail and its answer was lost: look for {mail.message_id} in its log"
            ) from None
        self._in_transaction = False
        if answer.code == _CLOSING:
            self._smtp.close()
        if not _is_success(answer):
            self._refused(answer, "the mail")
        named = _QUEUE_ID.search(answer.message)
        return (named[1] or named[2]) if named else mail.message_id

    def _open_protocol(self) -> SMTPProtocol:
        if self._smtp.protocol is None:
            raise SMTPServerDisconnected("closed")
        return self._smtp.protocol

    def _open_writer(self) -> StreamWriter:
        if self._writer is None or not self.is_open:
            raise SMTPServerDisconnected("closed")
        return self._writer

    async def _take_back(self) -> None:
        """Make the session ready for the next mail after one that was refused, or close it."""
        if not self._in_transaction or not self.is_open:
            return
        try:
            answer = await self._say("RSET")
        except (SMTPException, OSError):
            self._smtp.close()
            return
        self._in_transaction = False
        if not _is_success(answer):
            self._smtp.close()

    # ---------------------------------------------------------------- what answers mean

    @property
    def _relay(self) -> str:
        return f"the relay {self._settings.host}:{self._settings.port}"

    def _sender_refused(self, answer: SMTPResponse) -> NoReturn:
        """A sender is ours and the same for all: who refuses it for good refuses every mail."""
        if answer.code < _PERMANENT or answer.code == _TOO_LARGE:
            self._refused(answer, "the mail")
        raise MisconfiguredError(
            f"{self._relay} refuses our sender with {_codes(answer)}: "
            "allow `sender` and `bounce_domain` there, or log in with `user` and `password`"
        )

    def _refused(self, answer: SMTPResponse, what: str) -> NoReturn:
        # The relay's own words often hold the recipient's address: only its codes are told.
        meaning = diagnosed(f"{answer.code} {answer.message}").meaning
        told = f"{self._relay} refuses {what} with {_codes(answer)}: {meaning.words}"
        if answer.code == _NEEDS_LOGIN:
            raise MisconfiguredError(f"{self._relay} wants a login first: give `user` and `password`")
        raise PermanentError(told) if answer.code >= _PERMANENT else TransientError(told)

    @contextmanager
    def _before_the_final_dot(self) -> Generator[None]:
        try:
            yield
        except (SMTPException, OSError):
            # A timeout, too, is an OSError. Of no use to the next mail: its answers would be mistaken for others.
            self._smtp.close()
            raise TransientError(f"{self._relay} broke the line off before the mail was complete") from None

    @contextmanager
    def _reaching_the_relay(self) -> Generator[None]:
        try:
            yield
        except ConnectorError:
            self._smtp.close()
            raise
        except SMTPConnectResponseError as refusal:
            self._smtp.close()
            raise self._not_served(refusal.code) from None
        except (SMTPConnectError, ssl.SSLError) as failure:
            self._smtp.close()
            raise self._unreachable(failure) from None
        except SMTPResponseException as refusal:
            self._smtp.close()
            raise self._not_served(refusal.code) from None
        except (SMTPException, OSError):
            self._smtp.close()
            raise TransientError(f"{self._relay} broke the line off while it was opened") from None

    def _not_served(self, code: int) -> ConnectorError:
        if code >= _PERMANENT:
            return MisconfiguredError(f"{self._relay} does not serve us ({code}): allow this machine there")
        return TransientError(f"{self._relay} takes nothing at the moment ({code})")

    def _unreachable(self, failure: BaseException) -> ConnectorError:
        cause = failure if isinstance(failure, ssl.SSLError) else failure.__cause__
        if isinstance(cause, ssl.SSLCertVerificationError):
            return MisconfiguredError(
                f"the certificate of {self._relay} is not to be trusted ({cause.verify_message}): "
                "name it as its certificate does, or give `ca_file`"
            )
        if isinstance(cause, ssl.SSLError):
            return MisconfiguredError(
                f"{self._relay} does not speak TLS as set: use `tls: starttls` or `tls: tls` as its port wants"
            )
        return TransientError(f"{self._relay} cannot be reached: does it run, and is the name right?")


def _is_success(answer: SMTPResponse) -> bool:
    return 200 <= answer.code < 300  # noqa: PLR2004 - RFC 5321 section 4.2.1


def _codes(answer: SMTPResponse) -> str:
    status = status_in(answer.message)
    return f"{answer.code} {status}" if status else str(answer.code)


def _xtext(text: str) -> str:
    """Return a text as RFC 3461 section 4 writes it: + and = and what is not visible as + and two hex digits."""
    return _NOT_XTEXT.sub(lambda sign: f"+{ord(sign[0]):02X}", text)
