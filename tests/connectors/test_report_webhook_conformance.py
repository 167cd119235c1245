"""Every registered report webhook shows what the contract asks of it."""

from pathlib import Path

import pytest

from tests.connectors.ses.authority import certificate
from xconnector.connectors.ses import reports
from xconnector.testing.conformance import ReportWebhookConformance


@pytest.fixture(autouse=True)
def amazon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the certificate of the tests be Amazon's: nothing is fetched from there."""

    async def fetched(address: str) -> bytes:
        assert address.startswith("https://sns.eu-central-1.amazonaws.com/")
        return certificate()

    monkeypatch.setattr(reports, "fetched", fetched)


class TestReportWebhooks(ReportWebhookConformance):
    stand_ins = Path(__file__).parent
