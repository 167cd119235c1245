"""The Service Gateway: one REST request for each communication, its outputs in the answer (S4, seen in a client)."""

import base64
import binascii
import re
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import msgspec

from xconnector.connectors.exstream.communications_server.client import Answer, Client, Peer, refusal, refuse_knock
from xconnector.connectors.exstream.communications_server.settings import (
    BodyForm,
    GatewayService,
    NamedBy,
    ResultNames,
)
from xconnector.connectors.exstream.communications_server.tickets import Tickets
from xconnector.connectors.exstream.design import ExstreamDesign, Service
from xconnector.connectors.exstream.driver.encoding import encoder_of
from xconnector.connectors.exstream.outputs import QueueOutput
from xconnector.connectors.exstream.ticket import is_void
from xconnector.contract.composer import Order
from xconnector.contract.errors import MisconfiguredError, PermanentError, TransientError
from xconnector.domain.record_path import PathError, parse_path, text_of

_MOST_RESULTS = 1000
_LONGEST_DISPOSITION = 2000
_SUCCESS = "success"
_LATER = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class Gateway:
    """A Service Gateway, signed in by a ticket."""

    def __init__(self, settings: GatewayService, *, project_folder: Path) -> None:
        self._settings = settings
        self._client = Client(settings, project_folder=project_folder)
        self._tickets = Tickets(settings.sign_in, self._client)
        path = settings.path.replace("{tenant}", quote(settings.tenant, safe=""))
        self._peer = Peer(name="the Service Gateway", url=settings.url + path, remedy="let the user of `sign_in` in")

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._client.__aexit__(exc_type, exc, traceback)

    async def check(self) -> None:
        """Sign in, and knock without asking for anything: what it answers to that is not documented and may be a no."""
        refuse_knock(await self._asked("GET", self._peer), self._peer)

    async def outputs_of(self, order: Order, design: ExstreamDesign) -> list[QueueOutput]:
        """Return what the design's service makes of an order.

        Raises one of the four errors, never OutcomeUnknownError.
        """
        service = service_of(order, design)
        answer = await self._asked(
            "POST",
            self._peer,
            params={"name": service.name, "version": service.version},
            content=self._body(order, design),
        )
        if answer.status == HTTPStatus.NOT_FOUND:
            raise PermanentError(
                f"the Service Gateway at {self._peer.url} answers 404 for service {service.name!r} version "
                f"{service.version!r}: publish it, correct it in the design file, or correct `url` and `tenant`"
            )
        if not answer.is_success and not _says_that_it_failed(answer):
            raise refusal(answer, self._peer)
        return _outputs(answer.body, self._settings.results, service, self._peer)

    async def _asked(
        self, method: str, peer: Peer, *, params: dict[str, str] | None = None, content: bytes | None = None
    ) -> Answer:
        """Ask with a ticket; one that is called void is renewed once. Raises TransientError or MisconfiguredError."""
        ticket = await self._tickets.ticket()
        answer = await self._shown(ticket, method, peer, params, content)
        if is_void(answer.status, answer.body):
            ticket = await self._tickets.ticket(instead_of=ticket)
            answer = await self._shown(ticket, method, peer, params, content)
        if is_void(answer.status, answer.body):
            raise MisconfiguredError(
                f"{peer.name} at {peer.url} takes no ticket of this OTDS, even a fresh one: correct `sign_in` or `url`"
            )
        if answer.status == HTTPStatus.FORBIDDEN:
            raise refusal(answer, peer)
        return answer

    async def _shown(
        self, ticket: str, method: str, peer: Peer, params: dict[str, str] | None, content: bytes | None
    ) -> Answer:
        headers = {self._settings.sign_in.header: ticket, "Accept": "application/json"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        return await self._client.ask(method, peer, params=params, headers=headers, content=content)

    def _body(self, order: Order, design: ExstreamDesign) -> bytes:
        """Return the driver of an order, wrapped as the gateway wants it. Raises PermanentError."""
        encoder = encoder_of(design)
        wrapped = {
            "contentType": self._settings.content_type or encoder.media_type,
            "data": base64.b64encode(encoder.single(order)).decode("ascii"),
        }
        if self._settings.body is BodyForm.PLAIN:
            return msgspec.json.encode(wrapped)
        if self._settings.asynchronous is not None:
            wrapped["async"] = self._settings.asynchronous
        return msgspec.json.encode({**self._free_keys(order), "content": wrapped})

    def _free_keys(self, order: Order) -> dict[str, str]:
        return {
            **self._settings.keys,
            **{name: _text_at(path, order, name) for name, path in self._settings.keys_from_data.items()},
        }


def service_of(order: Order, design: ExstreamDesign) -> Service:
    """Return the service that composes a design. Raises PermanentError where none is named."""
    if design.service is None:
        raise PermanentError(f"template {order.template!r}: its design file names no `service` to ask for")
    return design.service


def _text_at(path: str, order: Order, name: str) -> str:
    try:
        text = text_of(parse_path(path).of(order.data))
    except PathError:
        text = None
    if text is None:
        raise PermanentError(f"template {order.template!r}: there is nothing at {path} for the gateway's key {name!r}")
    return text


class _Content(msgspec.Struct):
    data: str | None = None
    content_type: str | None = msgspec.field(name="contentType", default=None)
    streaming_file_path: str | None = msgspec.field(name="streamingFilePath", default=None)


class _Result(msgspec.Struct):
    content: _Content | None = None
    disposition: list[str] | str | None = msgspec.field(name="Content-Disposition", default=None)


class _Composed(msgspec.Struct):
    result: list[_Result] | None = None


class _Reply(msgspec.Struct):
    status: str
    data: msgspec.Raw


def _says_that_it_failed(answer: Answer) -> bool:
    """Say whether an error is the service's own: with which status it comes is not documented."""
    if answer.status in _LATER:
        return False
    try:
        return msgspec.json.decode(answer.body, type=_Reply).status.casefold() != _SUCCESS
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _outputs(body: bytes, names: ResultNames, service: Service, peer: Peer) -> list[QueueOutput]:
    """Return the outputs that an answer holds. Raises PermanentError, or TransientError where it is no such answer."""
    asked = f"service {service.name!r} version {service.version!r} of {peer.name}"
    reply = _decoded(body, _Reply, peer)
    if reply.status.casefold() != _SUCCESS:
        raise PermanentError(f"{asked} says that it did not succeed: look into the StreamServer's log")
    results = (_decoded(reply.data, _Composed | None, peer) or _Composed()).result or []
    if not results or len(results) > _MOST_RESULTS:
        raise PermanentError(
            f"{asked} answers with {len(results)} results: does its output connector include its result in the "
            "service response?"
        )
    return [_output(result, names, asked) for result in results]


def _decoded(body: bytes | msgspec.Raw, shape: Any, peer: Peer) -> Any:  # noqa: ANN401 - the shape says it
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise TransientError(f"{peer.name} at {peer.url} gives an answer that is none of a Service Gateway") from None


def _output(result: _Result, names: ResultNames, asked: str) -> QueueOutput:
    content = result.content or _Content()
    if content.data is None and content.streaming_file_path:
        raise PermanentError(f"{asked} leaves its result in a file at the gateway: let it answer with the result")
    media_type = (content.content_type or "").partition(";")[0].strip().lower()
    name = media_type if names.by is NamedBy.CONTENT_TYPE else _file_name(result.disposition)
    found = re.match(names.pattern, name)
    try:
        document = base64.b64decode("".join((content.data or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise PermanentError(f"{asked} gives a result that is no base64") from None
    return QueueOutput(queue=(found["queue"] or "") if found else "", media_type=media_type, content=document)


def _file_name(disposition: list[str] | str | None) -> str:
    """Return the file name in a Content-Disposition, without folders; nothing where there is none."""
    told = disposition if isinstance(disposition, str) else next(iter(disposition or ()), "")
    header = Message()
    header["Content-Disposition"] = " ".join(told[:_LONGEST_DISPOSITION].split())
    try:
        name = header.get_filename() or ""
    except (ValueError, LookupError):
        name = ""
    return re.split(r"[/\\]", name)[-1]
