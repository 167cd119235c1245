import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.contract.cloudevents import EVENT_LIMIT, CloudEventError, parse

EVENT: Mapping[str, Any] = {
    "specversion": "1.0",
    "id": "4711-1",
    "source": "/policies/berlin",
    "type": "com.acme.policy.issued",
    "time": "2026-11-23T08:00:00.123456789Z",
    "data": {"policy": "P-1", "name": "Jördis"},
}
HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "CE-Id": "4711-1",
    "ce-source": "/policies/berlin",
    "ce-specversion": "1.0",
    "ce-type": "com.acme.policy.issued",
}
STRUCTURED = {"content-type": "application/cloudevents+json; charset=utf-8"}
BATCH = {"content-type": "application/cloudevents-batch+json"}


def body(**changes: object) -> bytes:
    event = {**EVENT, **changes}
    return json.dumps({name: value for name, value in event.items() if value is not None}).encode()


def test_all_three_modes_give_the_same_record_apart_from_their_bytes() -> None:
    data = json.dumps(EVENT["data"], ensure_ascii=False, separators=(",", ":")).encode()
    (binary,) = parse({**HEADERS, "ce-time": str(EVENT["time"])}, data)
    (structured,) = parse(STRUCTURED, body())
    (batched,) = parse(BATCH, b"[" + body() + b"]")

    assert binary == structured == batched
    assert binary.source_key == "4711-1"
    assert binary.data == EVENT["data"]
    assert binary.occurred_at == datetime(2026, 11, 23, 8, 0, 0, 123456, tzinfo=UTC)


def test_a_time_is_never_invented() -> None:
    (record,) = parse(HEADERS, b"{}")

    assert record.occurred_at is None


def test_binary_data_may_come_as_base64() -> None:
    encoded = base64.b64encode(b'{"policy": "P-1"}').decode()

    (record,) = parse(STRUCTURED, body(data=None, data_base64=encoded))

    assert record.payload == b'{"policy": "P-1"}'


@given(identity=st.text(st.characters(min_codepoint=0xA0, max_codepoint=0xD7FF, exclude_categories=["Cn"]), min_size=1))
def test_header_values_are_percent_decoded(identity: str) -> None:
    if identity.isspace():
        return
    (record,) = parse({**HEADERS, "CE-Id": quote(f"x{identity}")}, b"{}")

    assert record.source_key == f"x{identity}"


def test_a_quoted_header_value_is_unquoted() -> None:
    (record,) = parse({**HEADERS, "CE-Id": r'"a\"b%20c"'}, b"{}")

    assert record.source_key == 'a"b c'


@pytest.mark.parametrize("name", ["id", "source", "type", "specversion"])
def test_a_missing_attribute_is_named(name: str) -> None:
    with pytest.raises(CloudEventError, match=f"attribute {name} is missing"):
        parse(STRUCTURED, body(**{name: None}))
    with pytest.raises(CloudEventError, match=f"attribute {name} is missing"):
        parse({key: value for key, value in HEADERS.items() if key.lower() != f"ce-{name}"}, b"{}")


@pytest.mark.parametrize(
    "changes, told",
    [
        ({"specversion": "0.3"}, "specversion must be"),
        ({"source": "no uri"}, "source must be a URI reference"),
        ({"id": 7}, "id must be text"),
        ({"id": "a\u0001"}, "id must hold no control characters"),
        ({"id": "x" * 501}, "id must have at most"),
        ({"time": "yesterday"}, "time must be a timestamp"),
        ({"time": "2026-13-01T00:00:00Z"}, "time must be a timestamp"),
        ({"time": "0001-01-01T00:00:00+14:00"}, "time must be a timestamp"),
        ({"time": "9999-12-31T23:59:59-14:00"}, "time must be a timestamp"),
        ({"time": "2026-11-23T08:00:00"}, "time must be a timestamp"),
        ({"data": [1]}, "data must be a JSON object"),
        ({"data": None}, "data is missing"),
        ({"data_base64": "e30="}, "data_base64 stands beside data"),
        ({"data": None, "data_base64": "%%%"}, "data_base64 must be Base64"),
        ({"datacontenttype": "text/xml"}, "datacontenttype must be application/json"),
    ],
)
def test_a_wrong_attribute_is_named_with_what_to_send(changes: Mapping[str, object], told: str) -> None:
    with pytest.raises(CloudEventError, match=told):
        parse(STRUCTURED, body(**changes))


@pytest.mark.parametrize(
    "headers, content, told",
    [
        (HEADERS, b"", "JSON"),
        (HEADERS, b"[]", "data must be a JSON object"),
        (HEADERS, b'{"a": 1, "a": 2}', "same key twice"),
        (HEADERS, b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}", "nested deeper"),
        (HEADERS, b"x" * (EVENT_LIMIT + 1), "at most"),
        ({**HEADERS, "Content-Type": "text/plain"}, b"{}", "datacontenttype"),
        ({**HEADERS, "CE-Id": "100%"}, b"{}", "attribute id has a %"),
        ({**HEADERS, "CE-Id": "%ff"}, b"{}", "attribute id must be percent-encoded UTF-8"),
        ({"content-type": "application/json"}, b"{}", "there is no CloudEvent"),
        ({"content-type": "application/cloudevents+avro"}, b"{}", "content type must be"),
        (STRUCTURED, b"[]", "must be a JSON object"),
        (BATCH, b"{}", "must be a JSON array"),
        (BATCH, b"[" + b"1," * 1_000 + b"1]", "at most 1000 events"),
        (BATCH, b"[" + body() + b"," + body(id=None) + b"]", "event 2 of the batch: attribute id is missing"),
    ],
)
def test_what_is_no_event_is_refused_with_the_remedy(headers: Mapping[str, str], content: bytes, told: str) -> None:
    with pytest.raises(CloudEventError, match=told):
        parse(headers, content)


def test_an_empty_batch_is_no_mistake() -> None:
    assert parse(BATCH, b"[]") == []


@given(content=st.binary(max_size=200), mode=st.sampled_from([HEADERS, STRUCTURED, BATCH]))
def test_whatever_arrives_is_an_event_or_an_error_of_ours(content: bytes, mode: Mapping[str, str]) -> None:
    with suppress(CloudEventError):
        parse(mode, content)


def test_errors_show_no_content() -> None:
    with pytest.raises(CloudEventError) as refused:
        parse(STRUCTURED, body(data="Sämann-7291", id="ok"))

    assert "Sämann" not in str(refused.value)
