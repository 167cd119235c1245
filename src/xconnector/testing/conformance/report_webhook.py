"""What every report webhook must show: who is proven is read, nobody else is, and nothing that comes brings it down.

A connector's author writes `<connector>/report_sender.py` with `REPORT_SENDER`: the provider that signs requests.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import permutations
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Protocol, cast

import pytest

from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import MOST_BODY, FeedbackRequest
from xconnector.contract.manifest import Surroundings
from xconnector.contract.registry import connector_names, manifest
from xconnector.contract.reporting import ReportWebhook
from xconnector.contract.webhook_source import UnprovenError
from xconnector.domain.delivery import DeliveryEventType, status_of
from xconnector.domain.dispatch_key import dispatch_key_among
from xconnector.domain.feedback.signal import Signal
from xconnector.testing.conformance.stand_in_module import fail_without_stand_in, stand_in_module

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
DISPATCH = "0198c0de-0000-7000-8000-000000000001-0"
OWNED = "what a customer owns"
_ROLE = "report webhook"
_FILE = "report_sender.py"
_POISON = (
    b"",
    b"[",
    b"[" * 200_000,
    b'{"a":' * 200_000,
    b"\xff\xfe\x00",
    b'{"event": "\xff"}',
    b"1e999999",
    b"a=" + b"%ff" * 100_000,
    b"[1, 2, 3]",
    b"x" * (10 * 1024 * 1024),
)


class Became(StrEnum):
    """What a provider is made to tell of a hand-over."""

    DELIVERED = "delivered"
    RETURNED = "returned"
    """For good."""
    UNHEARD_OF = "unheard of"
    """In a word that nobody knows yet."""


class ReportSender(Protocol):
    """The provider, as it writes and proves its requests."""

    settings: Mapping[str, object]
    """Of the connection: with them its requests are proven."""
    of_another: Mapping[str, object]
    """Settings with another secret: with them they are not."""
    signs_its_time: bool
    """Whether a request is proven for some minutes only."""

    def request(self, became: Became, dispatch_key: str, reference: str, *, at: datetime) -> FeedbackRequest:
        """Return a proven request that says this of a hand-over: by the key that was given along, or the reference."""
        ...


@dataclass(frozen=True, slots=True)
class ReportsUnderTest:
    """A connector, and the stand-in of who sends to it."""

    name: str
    stand_in: ModuleType | None

    @property
    def sender(self) -> ReportSender:
        if self.stand_in is None:
            fail_without_stand_in(self.name, _ROLE, file=_FILE)
        return cast("ReportSender", self.stand_in.REPORT_SENDER)

    def webhook(self, folder: Path, spelled: Mapping[str, object] | None = None) -> ReportWebhook:
        found = manifest(self.name)
        assert found.report_webhook is not None
        settings: Any = found.settings.model_validate(spelled or self.sender.settings)
        return found.report_webhook(settings, Surroundings(project_folder=folder, state_folder=folder))

    def request(self, became: Became = Became.DELIVERED, *, at: datetime = NOW) -> FeedbackRequest:
        return self.sender.request(became, DISPATCH, "reference-1", at=at)


class ReportWebhookConformance:
    """For every report webhook in the registry."""

    stand_ins: ClassVar[Path]
    """Folder that holds `<connector>/report_sender.py`."""
    connectors: ClassVar[Sequence[str] | None] = None
    """Names to run for; None runs for all that are installed."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "under_test" in metafunc.fixturenames:
            names = connector_names() if self.connectors is None else self.connectors
            found = [
                ReportsUnderTest(name, stand_in_module(self.stand_ins, name, role=_ROLE, file=_FILE))
                for name in names
                if manifest(name).report_webhook is not None
            ]
            metafunc.parametrize("under_test", found, ids=[one.name for one in found])

    def test_who_is_proven_is_read_and_names_its_hand_over(self, under_test: ReportsUnderTest, tmp_path: Path) -> None:
        webhook = under_test.webhook(tmp_path)
        request = under_test.request()
        _prove(webhook, request)
        (signal,) = webhook.read(request)

        assert webhook.proves_itself
        assert (signal.type, signal.final) == (DeliveryEventType.DELIVERED, True)
        assert dispatch_key_among(signal.references) == DISPATCH or signal.provider_id == "reference-1"

    def test_the_secret_of_another_proves_nobody(self, under_test: ReportsUnderTest, tmp_path: Path) -> None:
        webhook = under_test.webhook(tmp_path, under_test.sender.of_another)

        with pytest.raises(UnprovenError):
            _prove(webhook, under_test.request())

    def test_nothing_at_all_proves_nobody(self, under_test: ReportsUnderTest, tmp_path: Path) -> None:
        webhook = under_test.webhook(tmp_path)

        with pytest.raises(UnprovenError):
            _prove(webhook, FeedbackRequest(headers={}, body=b"{}", url="http://127.0.0.1/reports/x"))

    def test_a_signature_is_good_for_its_own_request_only(self, under_test: ReportsUnderTest, tmp_path: Path) -> None:
        webhook = under_test.webhook(tmp_path)
        one, other = under_test.request(), under_test.request(Became.RETURNED)
        if one.headers == other.headers and _prove(webhook, one) is None and not under_test.sender.signs_its_time:
            pytest.skip("a secret is sent along: it is the same in every request")
        if (once := _prove(webhook, one)) is not None:
            assert once == _prove(webhook, one) != _prove(webhook, other)
            return

        with pytest.raises(UnprovenError):
            _prove(webhook, replace(one, body=one.body.replace(b"e", b"f", 3)))

    def test_an_old_request_is_not_proven(self, under_test: ReportsUnderTest, tmp_path: Path) -> None:
        if not under_test.sender.signs_its_time:
            pytest.skip("its requests are proven without a time")
        webhook = under_test.webhook(tmp_path)

        for away in (timedelta(days=2), -timedelta(days=2)):
            with pytest.raises(UnprovenError):
                _prove(webhook, under_test.request(at=NOW - away))

    def test_what_is_unproven_tells_nothing_of_the_request(self, under_test: ReportsUnderTest, tmp_path: Path) -> None:
        webhook = under_test.webhook(tmp_path)
        request = under_test.request()

        with pytest.raises(UnprovenError) as unproven:
            _prove(webhook, replace(request, headers=dict.fromkeys(request.headers, OWNED), body=OWNED.encode()))
        assert OWNED not in f"{unproven.value} {request!r} {webhook!r}"

    def test_an_unheard_of_word_is_unknown(self, under_test: ReportsUnderTest, tmp_path: Path) -> None:
        (signal,) = under_test.webhook(tmp_path).read(under_test.request(Became.UNHEARD_OF))

        assert signal.type is DeliveryEventType.UNKNOWN
        assert not signal.final

    def test_the_same_request_says_the_same_again(self, under_test: ReportsUnderTest, tmp_path: Path) -> None:
        webhook = under_test.webhook(tmp_path)

        assert webhook.read(under_test.request()) == webhook.read(under_test.request())

    def test_in_whatever_order_and_however_often_they_come_reports_mean_the_same(
        self, under_test: ReportsUnderTest, tmp_path: Path
    ) -> None:
        webhook = under_test.webhook(tmp_path)
        told = [webhook.read(under_test.request(became))[0] for became in Became]

        assert len({_meaning(order) for order in permutations([*told, told[0]])}) == 1

    @pytest.mark.parametrize("number", range(len(_POISON)))
    def test_poison_is_unproven_or_unreadable_and_nothing_else(
        self, under_test: ReportsUnderTest, tmp_path: Path, number: int
    ) -> None:
        webhook = under_test.webhook(tmp_path)
        request = under_test.request()
        for headers in (request.headers, {"content-type": "application/x-www-form-urlencoded"}, {}):
            poisoned = replace(request, headers=headers, body=_POISON[number])
            with suppress(UnprovenError):
                _prove(webhook, poisoned)
            with suppress(PermanentError):
                assert all(isinstance(one, Signal) for one in webhook.read(poisoned))

    def test_it_takes_no_more_than_everybody(self, under_test: ReportsUnderTest, tmp_path: Path) -> None:
        assert 0 < under_test.webhook(tmp_path).largest <= MOST_BODY


def _prove(webhook: ReportWebhook, request: FeedbackRequest) -> str | None:
    return asyncio.run(webhook.prove(request, now=NOW))


def _meaning(signals: Sequence[Signal]) -> str:
    return status_of(signal.event(DISPATCH, arrived_at=NOW) for signal in signals)
