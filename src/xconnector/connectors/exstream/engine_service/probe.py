"""What can be found out about an installation of Engine Web Services, and what somebody must know."""

import asyncio
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from xconnector.connectors.exstream.engine_service.client import EngineServiceClient
from xconnector.connectors.exstream.engine_service.description import differences
from xconnector.connectors.exstream.engine_service.settings import EngineServiceSettings
from xconnector.connectors.exstream.engine_service.wire import EngineServiceWire, Question
from xconnector.connectors.exstream.soap import UnreadableXmlError
from xconnector.connectors.exstream.wsdl import LARGEST_WSDL, read_wsdl
from xconnector.contract.errors import ConnectorError, MisconfiguredError, TransientError
from xconnector.contract.probing import ByHand, Found, Profile, Sighting

_SERVICE = "Engine Web Services"
_BY_STATUS: Mapping[int, Found] = {
    HTTPStatus.UNAUTHORIZED: Found.REFUSED,
    HTTPStatus.FORBIDDEN: Found.REFUSED,
    HTTPStatus.NOT_FOUND: Found.MISSING,
    HTTPStatus.GONE: Found.MISSING,
}
_BY_HAND: Sequence[ByHand] = (
    ByHand(setting="driver_name", why="the symbolic name of the driver is the packages' own"),
    ByHand(setting="driver_encoding", why="its values are unpublished"),
    ByHand(setting="package_element", why="what `pubFiles` holds is unpublished"),
    ByHand(setting="failed_from", why="what return codes below 12 mean is hearsay"),
    ByHand(setting="failed_words", why="the wording of `statusMessage` is unpublished"),
    ByHand(setting="fault_words", why="the wording of faults is unpublished"),
    ByHand(setting="message_encoding", why="how the message file is written depends on the engine's MSGENCODE"),
    ByHand(setting="pdl", why="the numbers of page description languages are unpublished, but for PDF's"),
    ByHand(setting="outputs.*.file", why="the names of files are the designs' own; see each `exstream.yaml`"),
)


async def profile_of(wire: EngineServiceWire, client: EngineServiceClient, settings: EngineServiceSettings) -> Profile:
    """Look at the WSDL and at the account; what cannot be reached is a sighting, never an error."""
    return Profile(
        product="OpenText Exstream Engine Web Services",
        addresses={"service": settings.url, "wsdl": settings.wsdl_url},
        sightings=(await _wsdl(wire, settings), await _account(client, settings)),
        by_hand=_BY_HAND,
    )


async def _wsdl(wire: EngineServiceWire, settings: EngineServiceSettings) -> Sighting:
    found, said = await _wsdl_found(wire, settings)
    return Sighting(service=_SERVICE, subject="WSDL", found=found, said=said, needed=True)


async def _wsdl_found(wire: EngineServiceWire, settings: EngineServiceSettings) -> tuple[Found, str]:
    try:
        answer = await wire.ask(Question(url=settings.wsdl_url, largest=LARGEST_WSDL))
    except ConnectorError as gone:
        return Found.UNREACHABLE, str(gone)
    if answer.status != HTTPStatus.OK:
        return _BY_STATUS.get(answer.status, Found.DIFFERENT), f"status {answer.status}"
    try:
        described = await asyncio.to_thread(read_wsdl, answer.body.content)
    except UnreadableXmlError as unreadable:
        return Found.DIFFERENT, f"what it gives {unreadable}"
    different = [told for told, _ in differences(described, settings)]
    if different:
        return Found.DIFFERENT, "; ".join(different)
    return Found.AS_DOCUMENTED, f"{settings.service}, {settings.port}, {settings.namespace}"


async def _account(client: EngineServiceClient, settings: EngineServiceSettings) -> Sighting:
    found, said = Found.NOT_ASKED, "no `token` is set"
    if settings.token is not None:
        found, said = await _account_found(client)
    return Sighting(
        service=_SERVICE, subject="UsernameToken", found=found, said=said, needed=settings.token is not None
    )


async def _account_found(client: EngineServiceClient) -> tuple[Found, str]:
    try:
        await client.prove_token()
    except MisconfiguredError as refused:
        return Found.REFUSED, str(refused)
    except TransientError as gone:
        return Found.UNREACHABLE, str(gone)
    return Found.AS_DOCUMENTED, "the account is not refused"
