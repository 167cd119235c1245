"""Messages of brokers, read as records: whatever the bytes, one record, with all it came with."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from xconnector.contract.stream_message import Binding, MessageReader, Missive, StreamSettings
from xconnector.domain.event import BadRecord, SourceRecord

BINDING = Binding(prefixes=("ce_",))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
TEXTS = st.text(max_size=40)
KEYS = [(), ("a",), ("$key",), ("$headers.x", "$position"), ("a.b[0]",)]
ATTRIBUTES = {"ce_specversion": "1.0", "ce_id": "7", "ce_source": "/policies", "ce_type": "com.acme.changed"}


def read(missive: Missive, *key: str, binding: Binding = BINDING) -> SourceRecord | BadRecord:
    reader = MessageReader(StreamSettings(key=key), binding, source="policies", event_type="com.acme.issued")
    return reader.read(missive)


def missive(payload: bytes, **headers: str) -> Missive:
    return Missive(
        payload=payload, headers=headers, key="K", position="p/0/7", content_type=headers.get("content_type")
    )


@given(
    payload=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()),
    headers=st.dictionaries(st.sampled_from([*ATTRIBUTES, "ce_time", "x"]), TEXTS),
    content_type=st.none() | TEXTS | st.sampled_from(["application/json", "application/cloudevents+json"]),
    key=st.sampled_from(KEYS),
    own_key=st.none() | TEXTS,
)
@example(payload=b"\xff", headers={}, content_type=None, key=("a",), own_key=None)
@example(payload=b'{"a": "\\u0000"}', headers={}, content_type=None, key=("a",), own_key=None)
@example(payload=b'{"a": "x"}', headers={"x": "\0"}, content_type=None, key=("$headers.x",), own_key=None)
@example(payload=b"{}", headers=ATTRIBUTES, content_type="application/json", key=(), own_key=None)
def test_whatever_comes_is_a_record_or_is_told_to_be_bad_with_its_bytes(
    payload: bytes, headers: dict[str, str], content_type: str | None, key: tuple[str, ...], own_key: str | None
) -> None:
    given_one = Missive(payload=payload, headers=headers, key=own_key, position="p/0/7", content_type=content_type)

    found = read(given_one, *key)

    if isinstance(found, BadRecord):
        assert (found.payload, found.source, found.source_key) == (payload, "policies", "p/0/7")
        assert found.reason.startswith("p/0/7: ")
    else:
        assert found.source_key
        assert "\0" not in found.source_key


def test_plain_json_has_the_feeds_source_and_type_and_the_key_that_the_project_names() -> None:
    payload = b'{"policy": {"number": 4711}, "change": "a"}'

    found = read(missive(payload, tenant="north"), "policy.number", "change", "$key", "$headers.Tenant", "$position")

    assert found == SourceRecord(
        source="policies",
        source_key="4711/a/K/north/p/0/7",
        event_type="com.acme.issued",
        occurred_at=None,
        payload=payload,
        data={"policy": {"number": 4711}, "change": "a"},
    )


@pytest.mark.parametrize("key", [(), ("policy",)])
def test_a_cloud_event_has_source_id_and_type_of_its_own_whatever_the_key(key: tuple[str, ...]) -> None:
    found = read(missive(b'{"policy": 1}', **ATTRIBUTES), *key)

    assert isinstance(found, SourceRecord)
    assert (found.source, found.source_key, found.event_type) == ("/policies", "7", "com.acme.changed")


def test_without_a_key_a_message_is_a_cloud_event_as_a_whole_also_where_nothing_says_so() -> None:
    event = {"specversion": "1.0", "id": "7", "source": "/policies", "type": "com.acme.changed", "data": {"policy": 1}}

    found = read(missive(json.dumps(event).encode()))

    assert isinstance(found, SourceRecord)
    assert found.data == {"policy": 1}


@pytest.mark.parametrize("is_encoded, wanted", [(True, "a b"), (False, "a%20b")])
def test_attributes_are_written_as_the_protocol_has_it(is_encoded: bool, wanted: str) -> None:
    binding = Binding(prefixes=("ce_",), is_percent_encoded=is_encoded)

    found = read(missive(b"{}", **{**ATTRIBUTES, "ce_id": "a%20b"}), binding=binding)

    assert isinstance(found, SourceRecord)
    assert found.source_key == wanted


@pytest.mark.parametrize("key", ["", "a[", "$value", "$headers."])
def test_a_key_that_leads_nowhere_is_no_setting(key: str) -> None:
    with pytest.raises(ValidationError):
        StreamSettings(key=(key,))


@pytest.mark.parametrize(
    "payload, key, reason",
    [
        (b'{"a": 1}', "b", "b is missing"),
        (b'{"a": [1, 2]}', "a", "a is missing"),
        (b'{"a": 1}', "$headers.x", "$headers.x is missing"),
        (b'{"a": "%s"}' % (b"x" * 501), "a", "too long"),
        (b"null", "a", "JSON object"),
    ],
)
def test_the_reason_names_what_is_missing_and_no_value(payload: bytes, key: str, reason: str) -> None:
    found = read(missive(payload), key)

    assert isinstance(found, BadRecord)
    assert reason in found.reason
    assert "x" * 20 not in found.reason
