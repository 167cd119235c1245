"""What every stream source must show, whatever its broker.

Inherit the suite in a test module beside the stand-ins and name their folder: `stand_ins = Path(__file__).parent`.
The author of a source writes `<connector>/stand_in.py` with `open_stream(folder)`, which gives a real broker; where
that needs a program of the machine, `PEER` names it.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from xconnector.contract.errors import MisconfiguredError, TransientError
from xconnector.contract.registry import connector_names, manifest
from xconnector.contract.stream_source import Appetite, Listening, StreamSource
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.testing.conformance.stand_in_module import stand_in_module
from xconnector.testing.conformance.stream_stand_in import Published, StreamStandIn, StreamUnderTest

OWNED = "Sämann-7291"
SOURCE, TYPE = "policy_stream", "com.acme.policy.issued"
_PATIENCE_SECONDS = 60.0
_LIMIT = 20_000

Record = SourceRecord | BadRecord


class StreamSourceConformance:
    """For every stream source in the registry."""

    stand_ins: ClassVar[Path]
    """Folder that holds `<connector>/stand_in.py`."""
    connectors: ClassVar[Sequence[str] | None] = None
    """Names to run for; None runs for all that are installed."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "under_test" in metafunc.fixturenames:
            names = connector_names() if self.connectors is None else self.connectors
            metafunc.parametrize("under_test", [_parameter(self.stand_ins, name) for name in names if _is_stream(name)])

    async def test_every_message_becomes_a_record_or_is_told_to_be_bad(
        self, under_test: StreamUnderTest, tmp_path: Path
    ) -> None:
        async with under_test.open_stream(tmp_path) as broker:
            source = under_test.source({**broker.settings, "record_limit": _LIMIT}, tmp_path)
            await source.check()
            await broker.publish([message for message, _ in _messages(broker)])

            async with source.listening(source=SOURCE, event_type=TYPE) as listening:
                taken = await _take(listening, len(_messages(broker)))

            assert await _eventually(broker.unacknowledged, 0)
            told = {_name(record): record for record in taken}
            for message, wanted in _messages(broker):
                if isinstance(wanted, str):
                    bad = [one for one in taken if isinstance(one, BadRecord) and one.payload == message.payload]
                    assert bad, f"{wanted}: it is not told to be bad"
                    assert wanted in bad[0].reason
                    assert OWNED not in repr(bad[0])
                else:
                    assert told[_name(wanted)] == wanted

    async def test_what_was_not_acknowledged_comes_again_after_the_broker_was_gone(
        self, under_test: StreamUnderTest, tmp_path: Path
    ) -> None:
        async with under_test.open_stream(tmp_path) as broker:
            source = under_test.source(broker.settings, tmp_path)
            await broker.publish([_plain(number) for number in range(20)])
            async with source.listening(source=SOURCE, event_type=TYPE) as listening:
                await _take_and_drop(listening)
                await broker.go_down()
                with pytest.raises(TransientError):
                    await _take(listening, 1)
            with pytest.raises(TransientError):
                await source.check()
            await broker.come_up()
            await broker.publish([_plain(number) for number in range(20, 25)])

            async with source.listening(source=SOURCE, event_type=TYPE) as listening:
                again = await _take(listening, 25)

            assert {_name(record)[1] for record in again} == {f"K{number}" for number in range(25)}
            assert await _eventually(broker.unacknowledged, 0)

    async def test_listeners_share_what_there_is(self, under_test: StreamUnderTest, tmp_path: Path) -> None:
        async with under_test.open_stream(tmp_path) as broker:
            source = under_test.source(broker.settings, tmp_path)
            seen: set[str | None] = set()
            listeners = [asyncio.create_task(_keep_taking(source, seen)) for _ in range(2)]
            try:
                await broker.publish([_plain(number) for number in range(100)])
                assert await _eventually(lambda: _number(seen), 100)
                assert await _eventually(broker.unacknowledged, 0)
            finally:
                for each in listeners:
                    each.cancel()
                await asyncio.gather(*listeners, return_exceptions=True)

    async def test_what_is_not_there_is_told_with_the_remedy(self, under_test: StreamUnderTest, tmp_path: Path) -> None:
        async with under_test.open_stream(tmp_path) as broker:
            source = under_test.source(broker.elsewhere, tmp_path)

            with pytest.raises(MisconfiguredError, match="create"):
                await source.check()
            with pytest.raises(MisconfiguredError, match="create"):
                async with source.listening(source=SOURCE, event_type=TYPE):
                    pass


def _parameter(stand_ins: Path, name: str) -> object:
    stand_in = stand_in_module(stand_ins, name, role="stream source")
    peer = getattr(stand_in, "PEER", None)
    marks = [pytest.mark.peer(peer)] if peer is not None else []
    return pytest.param(StreamUnderTest(name=name, stand_in=stand_in), id=name, marks=marks)


def _is_stream(name: str) -> bool:
    try:
        return manifest(name).stream_source is not None
    except (ImportError, AttributeError, TypeError):
        # One that cannot be loaded fails the manifests' suite and must not hide the others here.
        return False


# ---------------------------------------------------------------------------- messages


def _messages(broker: StreamStandIn) -> Sequence[tuple[Published, SourceRecord | str]]:
    """Return messages with what is to become of each: a record, or a word of the reason why it is bad."""
    deep = b'{"account":' + b"[" * 70 + b"]" * 70 + b"}"
    stated = {"source": "/policies", "type": "com.acme.other", "specversion": "1.0"}
    headers = {f"{broker.attribute_prefix}{name}": value for name, value in stated.items()}
    whole = {**stated, "id": "e-2", "time": "2026-11-23T08:00:00Z", "data": {"text": OWNED}}
    owned = json.dumps({"text": OWNED}, ensure_ascii=False, separators=(",", ":")).encode()
    return [
        (_plain(1), _record(1)),
        (Published(payload=b'{"text": "\xff"}'), "UTF-8"),
        (Published(payload=b'{"name": "' + OWNED.encode() + b'"}'), "key"),
        (Published(payload=b'{"account": "' + b"x" * _LIMIT + b'"}'), "bytes"),
        (Published(payload=deep), "nested"),
        (Published(payload=b"[1, 2]"), "object"),
        (Published(payload=b'{"account": "a\\u0000b"}'), "NUL"),
        (
            Published(
                payload=owned,
                headers={**headers, f"{broker.attribute_prefix}id": "e-1"},
                content_type="application/json",
            ),
            _cloud_event("e-1", payload=owned),
        ),
        (
            Published(payload=json.dumps(whole).encode(), content_type="application/cloudevents+json; charset=UTF-8"),
            _cloud_event("e-2", payload=owned, occurred_at=datetime(2026, 11, 23, 8, tzinfo=UTC)),
        ),
        (Published(payload=b'{"specversion": "1.0"}', content_type="application/cloudevents+json"), "data"),
        (Published(payload=b"[]", content_type="application/cloudevents-batch+json"), "CloudEvents"),
        (Published(payload=owned, headers=headers, content_type="application/json"), "attribute id"),
        (_plain(2), _record(2)),
    ]


def _plain(number: int) -> Published:
    return Published(payload=json.dumps({"account": f"K{number}", "text": OWNED}).encode())


def _record(number: int) -> SourceRecord:
    payload = _plain(number).payload
    return SourceRecord(
        source=SOURCE,
        source_key=f"K{number}",
        event_type=TYPE,
        occurred_at=None,
        payload=payload,
        data=json.loads(payload),
    )


def _cloud_event(key: str, *, payload: bytes, occurred_at: datetime | None = None) -> SourceRecord:
    return SourceRecord(
        source="/policies",
        source_key=key,
        event_type="com.acme.other",
        occurred_at=occurred_at,
        payload=payload,
        data=json.loads(payload),
    )


def _name(record: Record) -> tuple[str, str | None]:
    return record.source, record.source_key


# ---------------------------------------------------------------------------- taking


async def _take(listening: Listening, number: int) -> list[Record]:
    """Take and acknowledge until so many messages are there, counting repeated ones once."""
    taken: dict[tuple[str, str | None, bytes], Record] = {}
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while len(taken) < number:
        assert time.monotonic() < deadline, f"of {number} messages only {len(taken)} came"
        batch = await listening.take(Appetite(most=number))
        taken |= {(*_name(record), record.payload): record for record in batch.records}
        await batch.ack()
    return list(taken.values())


async def _take_and_drop(listening: Listening) -> None:
    """Take a batch that is never acknowledged."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (await listening.take(Appetite())).records:
        assert time.monotonic() < deadline, "nothing came"


async def _keep_taking(source: StreamSource, seen: set[str | None]) -> None:
    async with source.listening(source=SOURCE, event_type=TYPE) as listening:
        while True:
            batch = await listening.take(Appetite(most=10))
            await batch.ack()
            seen |= {record.source_key for record in batch.records}


async def _number(seen: set[str | None]) -> int:
    return len(seen)


async def _eventually(count: Callable[[], Awaitable[int]], wanted: int) -> bool:
    """Say whether a number comes about before patience ends."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while await count() != wanted:
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True
