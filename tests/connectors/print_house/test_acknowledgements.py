"""Acknowledgements: what the house says, and what becomes of files that nobody can understand."""

import json
import os
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.print_house.letters import bundle_of, piece
from tests.connectors.print_house.test_handover import opened
from xconnector.connectors.print_house.channel import PrintHouse
from xconnector.connectors.print_house.words import STATUSES
from xconnector.contract.channel import Inbound
from xconnector.contract.errors import PermanentError
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType, DeliveryReason, is_undeliverable

PIECES = [piece(1), piece(2)]
AT = "2026-11-23T10:00:00+01:00"
ACCEPTED = {"bundle": "run-7-1", "status": "accepted", "at": AT}


@pytest.fixture
async def channel(tmp_path: Path) -> AsyncIterator[PrintHouse]:
    """A channel whose house has one bundle."""
    async with opened(tmp_path, acknowledgement={"folder": "acks", "within": "1h"}) as channel:
        await channel.send_bundle(bundle_of(PIECES), iter(PIECES))
        yield channel


@pytest.fixture
def acks(tmp_path: Path) -> Path:
    folder = tmp_path / "print" / "acks"
    folder.mkdir(parents=True)
    return folder


def acknowledge(acks: Path, *lines: dict[str, Any] | bytes, bundle: str = "run-7-1") -> Path:
    path = acks / f"{bundle}.ack.jsonl"
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))
    return path


async def news(channel: PrintHouse) -> list[Inbound[Sequence[DeliveryEvent]]]:
    return [inbound async for inbound in channel.reports()]


async def events(channel: PrintHouse) -> list[DeliveryEvent]:
    return [event for inbound in await news(channel) for event in inbound.item]


async def test_a_word_on_the_bundle_holds_for_every_piece(channel: PrintHouse, acks: Path) -> None:
    acknowledge(acks, ACCEPTED)

    told = await events(channel)

    assert [(event.dispatch_key, event.type, event.final) for event in told] == [
        ("dispatch-1", DeliveryEventType.ACCEPTED, False),
        ("dispatch-2", DeliveryEventType.ACCEPTED, False),
    ]
    assert {event.occurred_at for event in told} == {datetime(2026, 11, 23, 9, tzinfo=UTC)}
    assert json.loads(told[0].raw) == ACCEPTED


async def test_a_rejected_bundle_ends_the_hop_of_every_piece(channel: PrintHouse, acks: Path) -> None:
    acknowledge(acks, {"bundle": "run-7-1", "status": "rejected", "reason": "page_count", "at": AT})

    told = await events(channel)

    assert [is_undeliverable(event) for event in told] == [True, True]
    assert {(event.reason, event.detail) for event in told} == {(DeliveryReason.CONTENT, "rejected: page_count")}


async def test_a_word_on_a_piece_holds_for_it_alone(channel: PrintHouse, acks: Path) -> None:
    returned = {"bundle": "run-7-1", "dispatch_key": "dispatch-2", "status": "returned", "reason": "moved", "at": AT}
    acknowledge(acks, ACCEPTED, returned)

    *_, last = await events(channel)

    assert (last.dispatch_key, last.type, last.reason, last.final) == (
        "dispatch-2",
        DeliveryEventType.BOUNCED,
        DeliveryReason.ADDRESS,
        True,
    )


async def test_an_unknown_word_is_kept_and_never_dropped(channel: PrintHouse, acks: Path) -> None:
    acknowledge(acks, {"bundle": "run-7-1", "status": "franked", "dispatch_key": "dispatch-1", "at": AT})

    (event,) = await events(channel)

    assert event.type is DeliveryEventType.UNKNOWN
    assert b"franked" in event.raw


@pytest.mark.parametrize("status", STATUSES)
async def test_every_word_of_the_house_is_understood(channel: PrintHouse, acks: Path, status: str) -> None:
    acknowledge(acks, {"bundle": "run-7-1", "status": status, "at": AT})

    assert DeliveryEventType.UNKNOWN not in {event.type for event in await events(channel)}


async def test_free_text_of_the_house_stays_out_of_what_is_shown(channel: PrintHouse, acks: Path) -> None:
    reason = "Unknown at Kastanienallee 1, 10435 Berlin"
    acknowledge(acks, {"bundle": "run-7-1", "status": "rejected", "reason": reason, "at": AT})

    (event, _) = await events(channel)

    assert event.detail == "rejected"
    assert event.reason is DeliveryReason.OTHER
    assert "Berlin" not in repr(event)


async def test_without_a_time_it_was_when_the_file_was_written(channel: PrintHouse, acks: Path) -> None:
    path = acknowledge(acks, {"bundle": "run-7-1", "status": "accepted"})
    an_hour_ago = int(datetime.now(UTC).timestamp()) - 3600
    os.utime(path, (an_hour_ago, an_hour_ago))

    (event, _) = await events(channel)

    assert event.occurred_at == datetime.fromtimestamp(an_hour_ago, UTC)


async def test_without_a_time_the_same_file_tells_the_same_events(channel: PrintHouse, acks: Path) -> None:
    acknowledge(acks, {"bundle": "run-7-1", "status": "accepted"})

    assert await events(channel) == await events(channel)


async def test_it_is_given_until_it_was_taken(channel: PrintHouse, acks: Path) -> None:
    acknowledge(acks, ACCEPTED)

    (first,) = await news(channel)
    (again,) = await news(channel)
    assert list(first.item) == list(again.item)

    await again.ack()
    assert await news(channel) == []
    assert (acks / "done" / "run-7-1.ack.jsonl").exists()


async def test_a_second_acknowledgement_replaces_none(channel: PrintHouse, acks: Path) -> None:
    for _ in range(3):
        acknowledge(acks, ACCEPTED)
        (inbound,) = await news(channel)
        await inbound.ack()

    assert sorted(path.name for path in (acks / "done").iterdir()) == [
        "run-7-1.ack.jsonl",
        "run-7-1.ack.jsonl.2",
        "run-7-1.ack.jsonl.3",
    ]


async def test_taking_it_twice_does_no_harm(channel: PrintHouse, acks: Path) -> None:
    acknowledge(acks, ACCEPTED)
    (first,) = await news(channel)
    (other,) = await news(channel)

    await first.ack()
    await other.ack()

    assert len(list((acks / "done").iterdir())) == 1


async def test_what_is_set_aside_is_kept_with_its_reason(channel: PrintHouse, acks: Path) -> None:
    acknowledge(acks, ACCEPTED)
    (inbound,) = await news(channel)

    await inbound.nack("its bundle was withdrawn")

    assert await news(channel) == []
    assert (acks / "set-aside" / "run-7-1.ack.jsonl").exists()
    assert (acks / "set-aside" / "run-7-1.ack.jsonl.reason.txt").read_text() == "its bundle was withdrawn\n"


@pytest.mark.parametrize(
    "lines",
    [
        [b"this is no JSON"],
        [b""],
        [b"[]"],
        [b'{"bundle": "run-7-1"}'],
        [ACCEPTED, b'{"bundle": "run-7-1", "status": "prin'],
        [{**ACCEPTED, "bundle": "another-bundle"}],
        [{**ACCEPTED, "dispatch_key": "dispatch-of-another-bundle"}],
        [{**ACCEPTED, "at": "yesterday"}],
        [{**ACCEPTED, "at": "2026-11-23T10:00:00"}],
        [b'{"bundle": "run-7-1", "status": ' + b"[" * 100_000],
    ],
    ids=["text", "empty", "list", "no status", "torn", "bundle", "piece", "no time", "no zone", "deep"],
)
async def test_what_cannot_be_understood_is_set_aside_and_told(
    channel: PrintHouse, acks: Path, lines: list[dict[str, Any] | bytes]
) -> None:
    acknowledge(acks, *lines)

    with pytest.raises(PermanentError, match=r"run-7-1\.ack\.jsonl"):
        await news(channel)

    assert await news(channel) == []
    assert (acks / "set-aside" / "run-7-1.ack.jsonl").exists()


async def test_one_bad_file_does_not_hide_the_others(channel: PrintHouse, acks: Path) -> None:
    acknowledge(acks, b"this is no JSON", bundle="a-bundle-nobody-sent")
    acknowledge(acks, ACCEPTED)

    reports = channel.reports()
    told = await anext(reports)
    with pytest.raises(PermanentError, match="a-bundle-nobody-sent"):
        await anext(reports)

    assert len(told.item) == 2


async def test_what_is_still_being_written_is_left_alone(channel: PrintHouse, acks: Path) -> None:
    (acks / ".run-7-1.ack.jsonl.part").write_bytes(b'{"bun')
    (acks / "readme.txt").write_text("what the house says of itself")

    assert await news(channel) == []
    assert len(list(acks.iterdir())) == 2


async def test_a_bundle_that_is_not_acknowledged_in_time_is_told_once(channel: PrintHouse, tmp_path: Path) -> None:
    assert await news(channel) == []
    (manifest,) = (tmp_path / "state" / "sent").glob("*.jsonl")
    two_hours_ago = datetime.now(UTC).timestamp() - 7200
    os.utime(manifest, (two_hours_ago, two_hours_ago))

    (late,) = await news(channel)
    assert [(event.dispatch_key, event.type, event.final) for event in late.item] == [
        ("dispatch-1", DeliveryEventType.DEFERRED, False),
        ("dispatch-2", DeliveryEventType.DEFERRED, False),
    ]

    await late.ack()
    assert await news(channel) == []


async def test_a_bundle_that_was_acknowledged_is_never_late(channel: PrintHouse, acks: Path, tmp_path: Path) -> None:
    acknowledge(acks, ACCEPTED)
    (inbound,) = await news(channel)
    await inbound.ack()
    (manifest,) = (tmp_path / "state" / "sent").glob("*.jsonl")
    os.utime(manifest, (1, 1))

    assert await news(channel) == []


async def test_another_machine_understands_by_the_houses_copy(channel: PrintHouse, acks: Path, tmp_path: Path) -> None:
    del channel
    acknowledge(acks, ACCEPTED)

    async with opened(tmp_path, state="another-machine", acknowledgement={}) as other:
        assert len(await events(other)) == 2


async def test_a_house_that_does_not_acknowledge_has_no_news(tmp_path: Path, acks: Path) -> None:
    acknowledge(acks, ACCEPTED)

    async with opened(tmp_path) as channel:
        assert await news(channel) == []


@pytest.mark.parametrize(
    "counted, why",
    [
        ({"pieces": 2, "pages": 4, "sheets": 2}, None),
        ({"pieces": 1}, "totals do not agree: pieces 1 for 2"),
        ({"pieces": 2, "pages": 3, "sheets": 3}, "totals do not agree: pages 3 for 4, sheets 3 for 2"),
    ],
)
async def test_totals_that_do_not_agree_fail_every_piece(
    channel: PrintHouse, acks: Path, counted: dict[str, int], why: str | None
) -> None:
    acknowledge(acks, {**ACCEPTED, **counted})

    told = await events(channel)

    failed = [event.detail for event in told if is_undeliverable(event)]
    assert failed == ([] if why is None else [why, why])
