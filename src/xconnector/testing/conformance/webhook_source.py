"""What every source of webhooks must show: who is proven is read, who is not is nobody, and nothing else is raised.

A connector's author writes `<connector>/stand_in.py` with `WEBHOOK_SENDER`: the outside system that signs requests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Protocol, cast

import pytest

from xconnector.contract.manifest import Surroundings
from xconnector.contract.registry import connector_names, manifest
from xconnector.contract.webhook_source import (
    LARGEST_BODY,
    UnprovenError,
    WebhookOutcome,
    WebhookRequest,
    WebhookSource,
)
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.testing.conformance.stand_in_module import fail_without_stand_in, stand_in_module

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
OWNED = "what a customer owns"
_ROLE = "webhook source"
_KEPT = range(200, 300)


class WebhookSender(Protocol):
    """The outside system, as it writes and proves its requests."""

    settings: Mapping[str, object]
    """Of the connection: with them its requests are proven, its records have their key in `number`."""

    def request(self, records: Sequence[Mapping[str, str]], *, at: datetime) -> WebhookRequest:
        """Return a proven request with these records, in this order."""
        ...

    def unreadable(self, *, at: datetime) -> WebhookRequest:
        """Return a proven request that nobody can read."""
        ...


@dataclass(frozen=True, slots=True)
class WebhooksUnderTest:
    """A connector, and the stand-in of who sends to it."""

    name: str
    stand_in: ModuleType | None

    @property
    def sender(self) -> WebhookSender:
        if self.stand_in is None:
            fail_without_stand_in(self.name, _ROLE)
        return cast("WebhookSender", self.stand_in.WEBHOOK_SENDER)

    def source(self, folder: Path) -> WebhookSource:
        found = manifest(self.name)
        assert found.webhook_source is not None
        settings: Any = found.settings.model_validate(self.sender.settings)
        return found.webhook_source(settings, Surroundings(project_folder=folder, state_folder=folder))


class WebhookSourceConformance:
    """For every source of webhooks in the registry."""

    stand_ins: ClassVar[Path]
    """Folder that holds `<connector>/stand_in.py`."""
    connectors: ClassVar[Sequence[str] | None] = None
    """Names to run for; None runs for all that are installed."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "under_test" in metafunc.fixturenames:
            names = connector_names() if self.connectors is None else self.connectors
            found = [
                WebhooksUnderTest(name, stand_in_module(self.stand_ins, name, role=_ROLE))
                for name in names
                if manifest(name).webhook_source is not None
            ]
            metafunc.parametrize("under_test", found, ids=[one.name for one in found])

    def test_who_is_proven_is_read_every_record_once_in_its_order(
        self, under_test: WebhooksUnderTest, tmp_path: Path
    ) -> None:
        source = under_test.source(tmp_path)
        request = under_test.sender.request([_record(number) for number in range(3)], at=NOW)

        source.prove(request, now=NOW)

        assert [record.source_key for record in _read(source, request)] == ["N0", "N1", "N2"]
        assert all(isinstance(record, SourceRecord) for record in _read(source, request))

    def test_without_its_headers_nobody_is_proven(self, under_test: WebhooksUnderTest, tmp_path: Path) -> None:
        source = under_test.source(tmp_path)
        request = under_test.sender.request([_record(1)], at=NOW)

        with pytest.raises(UnprovenError):
            source.prove(replace(request, headers={}, query={}, certificate=None), now=NOW)

    def test_an_old_request_is_not_proven_where_it_signs_its_time(
        self, under_test: WebhooksUnderTest, tmp_path: Path
    ) -> None:
        source = under_test.source(tmp_path)
        early, late = (under_test.sender.request([_record(1)], at=NOW - timedelta(days=age)) for age in (1, 0))
        if early.headers == late.headers:
            pytest.skip("its requests have no time")

        with pytest.raises(UnprovenError):
            source.prove(early, now=NOW)

    def test_what_is_unproven_tells_nothing_of_the_request(self, under_test: WebhooksUnderTest, tmp_path: Path) -> None:
        source = under_test.source(tmp_path)
        request = under_test.sender.request([{**_record(1), "text": OWNED}], at=NOW)

        with pytest.raises(UnprovenError) as unproven:
            source.prove(replace(request, headers=dict.fromkeys(request.headers, OWNED)), now=NOW)
        assert OWNED not in str(unproven.value)

    def test_the_same_request_gives_the_same_records_again(self, under_test: WebhooksUnderTest, tmp_path: Path) -> None:
        source = under_test.source(tmp_path)
        request = under_test.sender.request([_record(1), _record(2)], at=NOW)

        assert _read(source, request) == _read(source, request)

    def test_another_content_under_the_same_key_has_another_payload(
        self, under_test: WebhooksUnderTest, tmp_path: Path
    ) -> None:
        source = under_test.source(tmp_path)
        first, second = (
            _read(source, under_test.sender.request([{**_record(1), "amount": amount}], at=NOW))
            for amount in ("1.00", "2.00")
        )

        assert first[0].source_key == second[0].source_key
        assert first[0].payload != second[0].payload

    def test_what_cannot_be_read_keeps_its_bytes_and_a_reason(
        self, under_test: WebhooksUnderTest, tmp_path: Path
    ) -> None:
        source = under_test.source(tmp_path)
        request = under_test.sender.unreadable(at=NOW)

        source.prove(request, now=NOW)
        (bad,) = _read(source, request)

        assert isinstance(bad, BadRecord)
        assert bad.payload == request.body
        assert bad.reason

    def test_neither_records_nor_requests_show_what_a_customer_owns(
        self, under_test: WebhooksUnderTest, tmp_path: Path
    ) -> None:
        source = under_test.source(tmp_path)
        request = under_test.sender.request([{**_record(1), "text": OWNED}], at=NOW)

        assert OWNED not in repr([request, *_read(source, request)])

    def test_what_is_kept_is_answered_so_that_it_is_not_sent_again(
        self, under_test: WebhooksUnderTest, tmp_path: Path
    ) -> None:
        source = under_test.source(tmp_path)

        assert source.answer(WebhookOutcome.TAKEN).status in _KEPT
        assert source.answer(WebhookOutcome.SET_ASIDE).status

    def test_it_takes_no_more_than_everybody(self, under_test: WebhooksUnderTest, tmp_path: Path) -> None:
        assert 0 < under_test.source(tmp_path).largest <= LARGEST_BODY


def _record(number: int) -> Mapping[str, str]:
    return {"number": f"N{number}", "amount": "12.50", "text": "Grüße, <alle>"}


def _read(source: WebhookSource, request: WebhookRequest) -> Sequence[SourceRecord | BadRecord]:
    return source.read(request, source="crm", event_type="com.acme.changed")
