"""The Service Broker of a Communications Server: SOAP calls that name a service and get its document.

What its help says of it: both calls take the same four parameters, a missing or unknown one is a SOAP error, and an
empty version means the highest that is registered. Its WSDL is published nowhere: the namespace is the stand-in's own.
"""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Mapping
from http import HTTPStatus
from io import BytesIO
from xml.sax.saxutils import escape

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xconnector.domain.document import RenditionKind
from xconnector.sandbox.exstream.bodies import content_of
from xconnector.sandbox.exstream.customers import ComposedCustomer
from xconnector.sandbox.exstream.designs import HouseDesign
from xconnector.sandbox.exstream.house import ExstreamHouse
from xconnector.sandbox.exstream.unreadable import UnreadableDriverError

PATH = "/ServiceBroker"
NAMESPACE = "urn:xconnector:sandbox:servicebroker"

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_PARAMETERS = frozenset({"ServiceDescription", "ServiceVersion", "ServerID", "DocData"})
_SERVER_ID = "sandbox"


class _FaultError(Exception):
    """What the caller gets instead of a document: SOAP's code and a sentence."""

    def __init__(self, code: str, says: str) -> None:
        super().__init__(says)
        self.code = code


def routes(house: ExstreamHouse) -> list[Route]:
    return [Route(PATH, _Broker(house).called, methods=["POST"])]


class _Broker:
    def __init__(self, house: ExstreamHouse) -> None:
        self._house = house

    async def called(self, request: Request) -> Response:
        """Send a document to a service, and receive what it makes."""
        try:
            call, parameters = _call(await content_of(request))
            document = await self._document(parameters)
        except _FaultError as fault:
            return _fault(fault)
        held = "" if call == "SendDocument" else f"<DocData>{b64encode(document).decode('ascii')}</DocData>"
        return _envelope(f'<sb:{call}Response xmlns:sb="{NAMESPACE}">{held}</sb:{call}Response>')

    async def _document(self, parameters: Mapping[str, str]) -> bytes:
        if parameters["ServerID"] not in {"", _SERVER_ID}:
            raise _FaultError("Client", f"There is no server {parameters['ServerID']}.")
        design, kind = self._service(parameters["ServiceDescription"], parameters["ServiceVersion"])
        driver = _decoded(parameters["DocData"])
        queue = design.settings.outputs[kind].queue
        try:
            (customer,) = self._house.customers(design, BytesIO(driver))
        except (UnreadableDriverError, ValueError):
            raise _FaultError("Client", "The service could not read the document.") from None
        if self._house.strikes("engine_fails_next"):
            raise _FaultError("Server", "The StreamServer did not respond.")
        async with self._house.engines.one():
            await asyncio.sleep(self._house.faults.compose_seconds)
            (made,) = await self._house.compose(design.template, [customer])
        files = made.files if isinstance(made, ComposedCustomer) else ()
        found = next((file for file in files if file.queue == queue), None)
        if found is None:
            # As StreamServers do, it quotes what it could not make.
            raise _FaultError("Client", f"The document could not be processed: {driver[:500].decode('latin-1')}")
        return found.content

    def _service(self, name: str, version: str) -> tuple[HouseDesign, RenditionKind]:
        for design in self._house.designs.values():
            for kind, output in sorted(
                design.settings.outputs.items(), key=lambda one: list(RenditionKind).index(one[0])
            ):
                service = output.service or design.settings.service
                if service is not None and service.name == name and version in {"", service.version}:
                    if name in self._house.faults.unpublished:
                        break
                    return design, kind
        raise _FaultError("Client", f"Service {name} is not registered.")


def _call(body: bytes) -> tuple[str, Mapping[str, str]]:
    """Return name and parameters of a call. Raises _FaultError."""
    if b"<!DOCTYPE" in body:
        raise _FaultError("Client", "A SOAP message must not contain a document type declaration.")
    try:
        envelope = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    except etree.XMLSyntaxError:
        raise _FaultError("Client", "The message is not well-formed.") from None
    call = envelope.find(f"{{{_SOAP}}}Body/*")
    if call is None or not str(call.tag).startswith(f"{{{NAMESPACE}}}"):
        raise _FaultError("Client", "Method not implemented: name or namespace is not recognised.")
    name = str(call.tag).rpartition("}")[2]
    if name not in {"SendDocument", "SendReceiveDocument"}:
        raise _FaultError("Client", f"Method {name} is not implemented.")
    parameters = {str(one.tag).rpartition("}")[2]: one.text or "" for one in call}
    if parameters.keys() != _PARAMETERS:
        raise _FaultError("Client", "A parameter is missing or unrecognised.")
    return name, parameters


def _decoded(document: str) -> bytes:
    try:
        return b64decode("".join(document.split()), validate=True)
    except ValueError:
        raise _FaultError("Client", "DocData is not base64 encoded.") from None


def _fault(fault: _FaultError) -> Response:
    said = f"<faultcode>SOAP-ENV:{fault.code}</faultcode><faultstring>{escape(str(fault))}</faultstring>"
    return _envelope(f"<SOAP-ENV:Fault>{said}</SOAP-ENV:Fault>", HTTPStatus.INTERNAL_SERVER_ERROR)


def _envelope(body: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<SOAP-ENV:Envelope xmlns:SOAP-ENV="{_SOAP}"><SOAP-ENV:Body>{body}</SOAP-ENV:Body></SOAP-ENV:Envelope>'
    )
    return Response(text, status, media_type="text/xml")
