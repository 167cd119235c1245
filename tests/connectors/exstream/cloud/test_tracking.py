"""What tracking events of Exstream mean, whatever they look like."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.connectors.exstream.cloud.tracking import TrackingReader
from xconnector.connectors.exstream.cloud.tracking_settings import TrackingSettings
from xconnector.contract.errors import PermanentError
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType, is_undeliverable

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
COMMUNICATION = "0197b7c0-0000-7000-8000-000000000001"


def reader(**settings: Any) -> TrackingReader:  # noqa: ANN401
    return TrackingReader(TrackingSettings.model_validate(settings), now=lambda: NOW)


def event(word: str, *, customer: object = COMMUNICATION, timestamp: object = 1752000000000) -> dict[str, Any]:
    return {
        "expctr": {"schemaType": word, "timestamp": timestamp},
        "exstreamJob": {"customerNumber": customer, "jobId": "J1"},
        "user": {"name": "someone"},
    }


def read_one(content: object, **settings: Any) -> DeliveryEvent:  # noqa: ANN401
    (found,) = reader(**settings).read(json.dumps(content).encode())
    return found


@pytest.mark.parametrize(
    "word, type_, undeliverable",
    [
        ("Exstream-Generated", "unknown", False),
        ("Exstream-Email-Submit", "sent", False),
        ("Exstream-Email-POST", "accepted", False),
        ("Exstream-Email-OPEN", "opened", False),
        ("Exstream-Email-NDLV", "bounced", True),
        ("Exstream-Email-Failed", "failed", True),
        ("Exstream-SMS", "accepted", False),
        ("Exstream-SMS-Failed", "failed", True),
        ("Exstream-Email-XYZ", "unknown", False),
        ("Something else", "unknown", False),
        ("", "unknown", False),
    ],
)
def test_every_word_has_one_meaning(word: str, type_: str, undeliverable: bool) -> None:
    found = read_one(event(word))

    assert (found.type, is_undeliverable(found)) == (type_, undeliverable)
    assert found.detail == word
    assert found.dispatch_key == COMMUNICATION
    assert found.occurred_at == datetime(2025, 7, 8, 18, 40, tzinfo=UTC)


def test_an_installation_says_what_its_own_words_mean() -> None:
    words = {"Exstream-Email-HARD": {"type": "bounced", "final": True, "reason": "address"}}
    found = read_one(event("Exstream-Email-HARD"), words=words)

    assert is_undeliverable(found)
    assert found.reason == "address"


def test_an_installation_says_where_things_stand() -> None:
    content = {"kind": "Exstream-Email-OPEN", "customer": {"ref": COMMUNICATION}, "at": "2026-11-23T11:00:00+01:00"}
    found = read_one(content, communication="customer.ref", schema_type="kind", occurred_at="at")

    assert (found.dispatch_key, found.type) == (COMMUNICATION, DeliveryEventType.OPENED)
    assert found.occurred_at == datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_keys_that_are_spelled_with_dots_are_found_as_well() -> None:
    content = {"expctr.schemaType": "Exstream-Email-OPEN", "exstreamJob.customerNumber": COMMUNICATION}

    assert (read_one(content).dispatch_key, read_one(content).type) == (COMMUNICATION, "opened")


@pytest.mark.parametrize("timestamp", [None, "yesterday", {}, -1, "0001-01-01T00:00:00+14:00", 10**18])
def test_an_event_that_does_not_say_when_happened_now(timestamp: object) -> None:
    assert read_one(event("Exstream-Email-OPEN", timestamp=timestamp)).occurred_at == NOW


@pytest.mark.parametrize("told", [COMMUNICATION.upper(), f" {COMMUNICATION} "])
def test_an_id_is_known_again_however_it_is_spelled(told: str) -> None:
    assert read_one(event("Exstream-SMS", customer=told)).dispatch_key == COMMUNICATION


def test_a_key_of_a_hand_over_stays_one() -> None:
    assert read_one(event("Exstream-SMS", customer=f"{COMMUNICATION}-1-r2")).dispatch_key == f"{COMMUNICATION}-1-r2"


@pytest.mark.parametrize("customer", [None, "4711", 4711, ["x"], {"a": 1}, ""])
def test_an_event_of_nobody_we_know_is_kept_under_a_key_of_its_own(customer: object) -> None:
    first = read_one(event("Exstream-SMS", customer=customer))
    again = read_one(event("Exstream-SMS", customer=customer))
    other = read_one(event("Exstream-Email-OPEN", customer=customer))

    assert first.dispatch_key == again.dispatch_key
    assert first.dispatch_key != other.dispatch_key
    assert "4711" not in first.dispatch_key


def test_a_list_gives_every_event_with_its_own_bytes() -> None:
    body = json.dumps([event("Exstream-SMS"), event("Exstream-Email-OPEN")]).encode()
    found = reader().read(body)

    assert [one.type for one in found] == ["accepted", "opened"]
    assert [json.loads(one.raw)["expctr"]["schemaType"] for one in found] == ["Exstream-SMS", "Exstream-Email-OPEN"]


def test_an_event_alone_is_kept_byte_for_byte() -> None:
    body = b"\xef\xbb\xbf" + json.dumps(event("Exstream-SMS"), indent=3).encode()
    (found,) = reader().read(body)

    assert found.raw == body


@pytest.mark.parametrize(
    "body", [b"", b"secret", b'"secret"', b"12", b"null", b'[{}, "secret"]', b'{"a":1,"a":2}', b"\xff\xfe{\x00}\x00"]
)
def test_what_cannot_be_read_is_refused_with_a_reason_and_without_its_content(body: bytes) -> None:
    with pytest.raises(PermanentError) as refused:
        reader().read(body)

    assert "secret" not in str(refused.value)


def test_more_events_than_are_taken_are_refused_as_a_whole() -> None:
    with pytest.raises(PermanentError, match="more than 2"):
        reader(most_events=2).read(b"[{},{},{}]")


_NAMES = st.sampled_from(["expctr", "exstreamJob", "schemaType", "customerNumber", "timestamp", "x"])
_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
_NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_JSON = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXT,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(_NAMES, children, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.sampled_from(["expctr", "exstreamJob", "x"]), _JSON), max_size=4))
def test_no_event_is_lost_and_none_is_an_error_whatever_it_holds(events: list[dict[str, Any]]) -> None:
    found = reader().read(json.dumps(events).encode())

    assert len(found) == len(events)
    for one in found:
        assert one.dispatch_key
        assert one.raw
        assert UUID(one.dispatch_key[:36]) if not one.dispatch_key.startswith("exstream-") else True
