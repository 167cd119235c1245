"""The Service Broker: a SOAP call for each output, its document in the answer (StreamServe 5.6 help, documented)."""

import base64
import binascii
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

from lxml import etree

from xconnector.connectors.exstream import soap
from xconnector.connectors.exstream.communications_server.client import Client, Peer, refusal, refuse_knock
from xconnector.connectors.exstream.communications_server.settings import BrokerService
from xconnector.connectors.exstream.design import ExstreamDesign, Service
from xconnector.connectors.exstream.driver.encoding import encoder_of
from xconnector.connectors.exstream.outputs import QueueOutput, media_type_of
from xconnector.contract.composer import Order
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.domain.document import RenditionKind

_ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_SCHEMA = "http://www.w3.org/2001/XMLSchema"
_NOT_THERE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE})
_FAULTS_OF_THE_CALLER = frozenset({"client", "sender"})
_FAULTS_OF_THE_SHAPE = frozenset({"versionmismatch", "mustunderstand"})


class Broker:
    """A Service Broker. It asks for no sign-in."""

    def __init__(self, settings: BrokerService, *, project_folder: Path) -> None:
        self._settings = settings
        self._client = Client(settings, project_folder=project_folder)
        self._peer = Peer(name="the Service Broker", url=settings.url, remedy="let this machine in there")

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._client.__aexit__(exc_type, exc, traceback)

    async def check(self) -> None:
        """Knock without calling anything: what it answers to that is not documented and may be a no."""
        refuse_knock(await self._client.ask("GET", self._peer), self._peer)

    async def outputs_of(self, order: Order, design: ExstreamDesign) -> list[QueueOutput]:
        """Return what the services make of an order: one call for each rendition that is asked for.

        Raises one of the four errors, never OutcomeUnknownError.
        """
        driver = encoder_of(design).single(order)
        return [
            QueueOutput(
                queue=design.outputs[kind].queue,
                media_type=media_type_of(design, kind) or "",
                content=await self._document(service, driver),
            )
            for kind, service in self._services(order, design)
        ]

    def _services(self, order: Order, design: ExstreamDesign) -> Sequence[tuple[RenditionKind, Service]]:
        """Return which service makes which rendition. Raises PermanentError where a declared output has none."""
        found: list[tuple[RenditionKind, Service]] = []
        for kind in sorted(order.kinds & design.outputs.keys()):
            service = design.outputs[kind].service or design.service
            if service is None:
                raise PermanentError(
                    f"template {order.template!r}: its design file names no `service` for the {kind.value}"
                )
            found.append((kind, service))
        return found

    async def _document(self, service: Service, driver: bytes) -> bytes:
        answer = await self._client.ask(
            "POST",
            self._peer,
            headers={
                "Content-Type": f"{soap.MEDIA_TYPE}; charset=utf-8",
                "SOAPAction": f'"{self._settings.soap_action}"',
                "Accept": soap.MEDIA_TYPE,
            },
            content=soap.write_envelope(self._call(service, driver)),
        )
        if answer.status in _NOT_THERE:
            raise MisconfiguredError(
                f"the Service Broker at {self._peer.url} answers {answer.status}: `url` is its whole address, path and "
                "all, as its WSDL says it under `soap:address`"
            )
        # A fault comes with status 500 (SOAP 1.1, section 6.2).
        if not answer.is_success and answer.status != HTTPStatus.INTERNAL_SERVER_ERROR:
            raise refusal(answer, self._peer)
        try:
            said = soap.read_envelope(answer.body)
        except soap.UnreadableXmlError as unreadable:
            if not answer.is_success:
                raise refusal(answer, self._peer) from None
            raise TransientError(f"what the Service Broker at {self._peer.url} answers {unreadable}") from None
        if isinstance(said, soap.Fault):
            raise self._error_of(said, service)
        return self._found_in(said, service)

    def _call(self, service: Service, driver: bytes) -> soap.XmlElement:
        """Return the call: all four parameters always, for a missing one is an error to the broker."""
        space = self._settings.namespace
        call = etree.Element(f"{{{space}}}{self._settings.operation}", nsmap={"broker": space, **_PREFIXES})
        if self._settings.encoded:
            call.set(f"{{{soap.SOAP}}}encodingStyle", _ENCODING)
        texts = {
            "ServiceDescription": service.name,
            "ServiceVersion": service.version,
            "ServerID": self._settings.server_id,
            "DocData": base64.b64encode(driver).decode("ascii"),
        }
        for name, text in texts.items():
            parameter = etree.SubElement(call, f"{{{space}}}{name}" if self._settings.qualified else name)
            parameter.text = text
            if self._settings.encoded:
                parameter.set(f"{{{_INSTANCE}}}type", "soapenc:base64" if name == "DocData" else "xsd:string")
        return call

    def _error_of(self, fault: soap.Fault, service: Service) -> ConnectorError:
        """Return what a fault means. Its words may quote the document and are not told."""
        code = fault.code.partition(".")[0].casefold()
        asked = f"the Service Broker at {self._peer.url}, asked for service {_named(service)}"
        if code in _FAULTS_OF_THE_CALLER:
            return PermanentError(
                f"{asked}, answers with a fault of the caller: is the service registered there, does the driver fit, "
                "and is `namespace` that of its WSDL?"
            )
        if code in _FAULTS_OF_THE_SHAPE:
            return MisconfiguredError(f"{asked}, does not understand SOAP 1.1: is `url` its address?")
        # By SOAP 1.1, section 4.4.1, such a call may succeed later.
        return TransientError(f"{asked}, answers with a fault of its own: look into the StreamServer's log")

    def _found_in(self, answer: soap.XmlElement, service: Service) -> bytes:
        texts = [text for element in answer.iter() if (text := self._text_in(element))]
        if len(texts) != 1:
            raise PermanentError(
                f"service {_named(service)} of the Service Broker answers with {len(texts)} results where one document "
                "is expected: include the result in its service response, and name its element in `result`"
            )
        try:
            return base64.b64decode("".join(texts[0].split()), validate=True)
        except (binascii.Error, ValueError):
            raise PermanentError(
                f"service {_named(service)} of the Service Broker gives a result that is no base64"
            ) from None

    def _text_in(self, element: soap.XmlElement) -> str:
        wanted = self._settings.result
        if wanted is not None and soap.local_name(element) != wanted:
            return ""
        text = element.text or ""
        return text if text.strip() else ""


def _named(service: Service) -> str:
    return f"{service.name!r} version {service.version!r}"


_PREFIXES = {"soapenc": _ENCODING, "xsd": _SCHEMA, "xsi": _INSTANCE}
