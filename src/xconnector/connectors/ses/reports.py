"""The requests of Amazon SNS: proven by a certificate that lies at Amazon, fetched once and kept in memory."""

from datetime import datetime

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


def reports_of(settings: SesSettings) -> ReportRequests:
    """Return what proves and reads the requests."""
    told = settings.reports
    if told is None:
        return ReportRequests(format=FORMAT, proof=None)
    topics = frozenset(told.topics)
    certificates: dict[str, bytes] = {}

    async def prove(request: FeedbackRequest, now: datetime) -> None:
        address = certificate_address(request, topics=topics)
        if address is None:
            raise UnprovenError("it names no certificate of Amazon, or none of our topics")
        if address not in certificates:
            if len(certificates) >= _MOST_CERTIFICATES:
                certificates.clear()
            certificates[address] = await fetched(address)
        if not is_genuine(request, certificates[address], topics=topics, now=now, tolerance=told.tolerance):
            raise UnprovenError("the signature is missing, wrong, or of another time")

    return ReportRequests(format=FORMAT, proof=prove)


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
