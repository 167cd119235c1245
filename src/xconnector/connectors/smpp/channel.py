"""The channel: each text leaves over one bound line, over which its receipts and answers come back."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from xconnector.connectors.smpp.arrivals import Arrival, Arrivals
from xconnector.connectors.smpp.client import Session
from xconnector.connectors.smpp.news import NotKnownYetError, news_of
from xconnector.connectors.smpp.outcomes import outcome_of
from xconnector.connectors.smpp.parts import Part, TooLongError, parts_of, reference_of
from xconnector.connectors.smpp.pdu import Party, Sms, Tag
from xconnector.connectors.smpp.receipt import CentreReceipt, read_answer
from xconnector.connectors.smpp.sent_texts import SentText, SentTexts
from xconnector.connectors.smpp.settings import Receipts, SmppSettings
from xconnector.contract.channel import Dispatch, Inbound, Receipt
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.contract.manifest import Surroundings
from xconnector.contract.short_text import ShortText, short_text
from xconnector.domain.delivery import DeliveryEvent, DeliveryReason
from xconnector.domain.document import RenditionKind
from xconnector.domain.feedback.signal import Signal

_INTERNATIONAL = (1, 1)
"""Type of number and numbering plan of a number in E.164."""
_SHORT_CODE, _NAME = (3, 0), (5, 0)
_FORGET_EVERY = timedelta(hours=1)


def _now() -> datetime:
    return datetime.now(UTC)


class SmppChannel:
    """Sends each dispatch as one text; a message centre knows no key of ours, so a lost answer stays unknown."""

    def __init__(
        self, settings: SmppSettings, surroundings: Surroundings, *, now: Callable[[], datetime] = _now
    ) -> None:
        self._settings = settings
        self._surroundings = surroundings
        self._now = now
        folder = surroundings.state_folder
        self._arrivals = Arrivals(folder / "arrivals", alphabet=settings.alphabet)
        self._sent = SentTexts(folder / "sent", remember=settings.remember, receipt_ids=settings.receipt_ids)
        self._tls_context: ssl.SSLContext | None = None
        self._session: Session | None = None
        self._forgot_at: datetime | None = None
        self._opening = asyncio.Lock()

    @property
    def takes(self) -> frozenset[RenditionKind]:
        return frozenset({RenditionKind.SMS})

    async def __aenter__(self) -> Self:
        self._tls_context = self._trusted()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def check(self) -> None:
        await self._line()

    async def send(self, dispatches: Sequence[Dispatch]) -> Sequence[Receipt | ConnectorError]:
        if not dispatches:
            return []
        try:
            line = await self._line()
        except ConnectorError as error:
            return [error] * len(dispatches)
        return await asyncio.gather(*(self._hand_over(dispatch, line) for dispatch in dispatches))

    async def reports(self) -> AsyncIterator[Inbound[Sequence[DeliveryEvent | Signal]]]:
        """Give what came in and can be understood, one message at a time; keeps the line open for more."""
        await asyncio.to_thread(self._forget, self._now())
        for name in await asyncio.to_thread(self._arrivals.names):
            arrival = await asyncio.to_thread(self._arrivals.read, name)
            if arrival is not None and (news := await asyncio.to_thread(self._news, arrival)) is not None:
                yield self._inbound(name, news)
        await self._line()

    async def look_up(self, references: Sequence[str]) -> Sequence[Sequence[Signal] | ConnectorError]:
        """Ask the message centre of each part of each text; many do not tell, or not for long."""
        try:
            line = await self._line()
        except ConnectorError as error:
            return [error] * len(references)
        return await asyncio.gather(*(self._look_up(reference, line) for reference in references))

    async def _look_up(self, reference: str, line: Session) -> Sequence[Signal] | ConnectorError:
        parts: list[CentreReceipt | None] = []
        try:
            for message_id in reference.split(","):
                answer = await line.query(message_id, self._sender())
                parts.append(None if answer is None else self._read(answer))
        except ConnectorError as error:
            return error
        except ValueError as wrong:
            return PermanentError(str(wrong))
        return outcome_of(reference, parts)

    def _read(self, answer: bytes) -> CentreReceipt:
        return read_answer(answer, no_such_number=self._settings.no_such_number)

    # ---------------------------------------------------------------- sending

    async def _hand_over(self, dispatch: Dispatch, line: Session) -> Receipt | ConnectorError:
        try:
            text = short_text(dispatch)
            if await asyncio.to_thread(self._arrivals.stops_of, text.number):
                return TransientError("the recipient's STOP waits to be read; it counts first")
            return await self._submit(dispatch.dispatch_key, text, line)
        except ConnectorError as error:
            return error
        except OSError as wrong:
            return TransientError(f"what was sent cannot be looked up in the state folder: {wrong.strerror}")

    async def _submit(self, dispatch_key: str, text: ShortText, line: Session) -> Receipt:
        """Hand over the parts that were not taken yet: those of an earlier attempt are not sent twice."""
        try:
            parts = parts_of(text.text, self._settings, reference=reference_of(dispatch_key))
        except TooLongError:
            raise PermanentError(
                "the text is too long for one message: shorten it", reason=DeliveryReason.CONTENT
            ) from None
        sent = await asyncio.to_thread(self._sent.text, dispatch_key) or SentText(
            dispatch_key=dispatch_key,
            asked=[number for number, part in enumerate(parts, start=1) if part.asks_receipt],
            ids=[],
        )
        for part in parts[len(sent.ids) :]:
            message_id = await line.submit(self._message(part, text))
            sent = SentText(dispatch_key=dispatch_key, asked=sent.asked, ids=[*sent.ids, message_id])
            await self._note(sent, text)
        return Receipt(
            reference=",".join(sent.ids) or dispatch_key,
            awaits_report=self._settings.receipts is not Receipts.NONE,
            segments=None if parts[0].is_payload else len(parts),
        )

    async def _note(self, sent: SentText, text: ShortText) -> None:
        """Keep that a part was taken. Raises OutcomeUnknownError where that cannot be kept: it must not leave again."""
        try:
            await asyncio.to_thread(self._sent.took, sent, number=text.number, at=self._now())
        except OSError as wrong:
            raise OutcomeUnknownError(
                f"the message centre took {len(sent.ids)} of its parts, which cannot be noted in the state folder "
                f"({wrong.strerror}); mend the folder, look at the message centre, then settle it"
            ) from None

    def _message(self, part: Part, text: ShortText) -> Sms:
        ton, npi = _INTERNATIONAL
        message = Sms(
            source=self._sender(),
            destination=Party(number=text.number.removeprefix("+"), ton=ton, npi=npi),
            esm_class=part.esm_class,
            data_coding=part.data_coding,
            text=b"" if part.is_payload else part.octets,
            registered_delivery=int(part.asks_receipt),
            validity=_relative(int(self._settings.valid_for.total_seconds())),
        )
        return replace(message, parameters={Tag.MESSAGE_PAYLOAD: part.octets}) if part.is_payload else message

    def _sender(self) -> Party:
        sender = self._settings.sender
        if sender.startswith("+"):
            ton, npi = _INTERNATIONAL
        else:
            ton, npi = _SHORT_CODE if sender.isdigit() else _NAME
        return Party(
            number=sender.removeprefix("+"),
            ton=ton if self._settings.sender_ton is None else self._settings.sender_ton,
            npi=npi if self._settings.sender_npi is None else self._settings.sender_npi,
        )

    # ---------------------------------------------------------------- what came in

    def _forget(self, now: datetime) -> None:
        """Once an hour, forget what is older than is to be remembered."""
        if self._forgot_at is None or now - self._forgot_at >= _FORGET_EVERY:
            self._forgot_at = now
            self._sent.forget(now)
            self._arrivals.forget(now - self._settings.remember)

    async def _keep(self, body: bytes) -> None:
        await asyncio.to_thread(self._arrivals.keep, body, at=self._now())

    def _news(self, arrival: Arrival) -> Sequence[DeliveryEvent | Signal] | None:
        """Return what an arrival says; None while that cannot be told."""
        try:
            return news_of(arrival, self._sent, self._settings, now=self._now())
        except NotKnownYetError:
            if self._now() - arrival.arrived_at > self._settings.attribute_within:
                self._arrivals.set_aside(arrival.name, "it names a message that we did not send, or not from here")
        except ValueError as wrong:
            self._arrivals.set_aside(arrival.name, str(wrong))
        return None

    def _inbound(self, name: str, news: Sequence[DeliveryEvent | Signal]) -> Inbound[Sequence[DeliveryEvent | Signal]]:
        async def ack() -> None:
            await asyncio.to_thread(self._arrivals.done, name)

        async def nack(reason: str) -> None:
            await asyncio.to_thread(self._arrivals.set_aside, name, reason)

        return Inbound(item=news, ack=ack, nack=nack)

    # ---------------------------------------------------------------- the line

    async def _line(self) -> Session:
        """Return the bound line, opened anew where it ended. Raises one of the four errors."""
        async with self._opening:
            if self._session is not None and not self._session.is_open:
                await self._session.close()
                self._session = None
            if self._session is None:
                session = Session(self._settings, self._tls_context, self._keep)
                await session.open()
                self._session = session
            return self._session

    def _trusted(self) -> ssl.SSLContext | None:
        """Return the system's certificates or the message centre's own, with names checked."""
        if not self._settings.tls:
            return None
        path = self._settings.ca_file and self._surroundings.project_folder / self._settings.ca_file
        try:
            return ssl.create_default_context(cafile=path)
        except (ssl.SSLError, OSError):
            raise MisconfiguredError(f"ca_file {path} holds no certificates that can be read") from None


def _relative(seconds: int) -> str:
    """Return a span as the protocol writes it (7.1.1.1)."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"0000{days:02}{hours:02}{minutes:02}{seconds:02}000R"
