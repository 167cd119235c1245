"""Certificates of Amazon: fetched once, and not as often as anybody likes who names addresses that hold none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.connectors.ses.report_sender import CERTIFICATE_URL, REPORT_SENDER
from xconnector.connectors.ses import reports
from xconnector.connectors.ses.settings import SesSettings
from xconnector.contract.errors import TransientError
from xconnector.contract.webhook_source import UnprovenError
from xconnector.testing.conformance import Became

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


async def test_whoever_names_certificates_that_are_not_there_makes_us_fetch_a_few_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    async def nothing(address: str) -> bytes:
        asked.append(address)
        raise UnprovenError("the certificate that it names does not exist")

    monkeypatch.setattr(reports, "fetched", nothing)
    proving = reports.reports_of(SesSettings.model_validate(REPORT_SENDER.settings))
    genuine = REPORT_SENDER.request(Became.DELIVERED, "key", "reference", at=NOW)

    async def named(number: int, at: datetime) -> type[Exception] | None:
        address = CERTIFICATE_URL.replace("0123456789abcdef", f"{number:016x}")
        body = genuine.body.replace(CERTIFICATE_URL.encode(), address.encode())
        try:
            await proving.prove(replace(genuine, body=body), now=at)
        except (UnprovenError, TransientError) as error:
            return type(error)
        return None

    answers = [await named(number, NOW) for number in range(50)]
    assert answers == [UnprovenError] * 10 + [TransientError] * 40
    assert len(asked) == 10
    assert await named(51, NOW + timedelta(minutes=1)) is UnprovenError
