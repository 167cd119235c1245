"""The requests of Amazon SNS: proven by a certificate that lies at Amazon, fetched once and kept in memory."""

from datetime import datetime, timedelta

import httpx

from xconnector.connectors.ses.settings import SesSettings
from xconnector.connectors.ses.signature import certificate_address, is_genuine
from xconnector.connectors.ses.webhook import FORMAT
from xconnector.contract.errors import TransientError
from xconnector.contract.feedback import FeedbackRequest
from xconnector.contract.report_requests import ReportRequests
from xconnector.contract.webhook_source import UnprovenError

_MOST_CERTIFICATES = 20
_LARGEST_CERTIFICATE = 64 * 1024
_PATIENCE = 10.0
"""Seconds."""
_FETCHES_AT_ONCE = 10
_PER = timedelta(minutes=1)
"""So many certificates are fetched in so long: anybody can name addresses at Amazon that hold none."""


def reports_of(settings: SesSettings) -> ReportRequests:
    """Return what proves and reads the requests."""
    told = settings.reports
    if told is None:
        return ReportRequests(format=FORMAT, proof=None)
    topics = frozenset(told.topics)
    certificates = _Certificates()

    async def prove(request: FeedbackRequest, now: datetime) -> None:
        address = certificate_address(request, topics=topics)
        if address is None:
            raise UnprovenError("it names no certificate of Amazon, or none of our topics")
        certificate = await certificates.at(address, now=now)
        if not is_genuine(request, certificate, topics=topics, now=now, tolerance=told.tolerance):
            raise UnprovenError("the signature is missing, wrong, or of another time")

    return ReportRequests(format=FORMAT, proof=prove)


class _Certificates:
    """What was fetched, and how often lately."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}
        self._fetches: list[datetime] = []

    async def at(self, address: str, *, now: datetime) -> bytes:
        """Return the certificate at an address that is Amazon's, fetched once.

        Raises TransientError, and UnprovenError where there is none.
        """
        if address not in self._known:
            self._fetches = [at for at in self._fetches if now - at < _PER]
            if len(self._fetches) >= _FETCHES_AT_ONCE:
                raise TransientError("too many certificates that nobody knew were named within a minute")
            self._fetches.append(now)
            certificate = await fetched(address)
            if len(self._known) >= _MOST_CERTIFICATES:
                self._known.clear()
            self._known[address] = certificate
        return self._known[address]


async def fetched(address: str) -> bytes:
    """Return the certificate at an address that is Amazon's.

    Raises TransientError, and UnprovenError where there is none.
    """
    content = bytearray()
    try:
        async with (
            httpx.AsyncClient(timeout=_PATIENCE, follow_redirects=False) as client,
            client.stream("GET", address) as answer,
        ):
            if answer.status_code in {httpx.codes.NOT_FOUND, httpx.codes.FORBIDDEN}:
                raise UnprovenError("the certificate that it names does not exist")
            answer.raise_for_status()
            async for chunk in answer.aiter_bytes():
                content += chunk
                if len(content) > _LARGEST_CERTIFICATE:
                    raise UnprovenError("what it names is no certificate")
    except httpx.HTTPError as away:
        raise TransientError(f"Amazon's certificate cannot be fetched: {type(away).__name__}") from None
    return bytes(content)
