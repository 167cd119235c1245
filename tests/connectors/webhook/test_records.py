"""What is in a request: records by paths, in JSON, XML and forms; what is no record is set aside."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.connectors.webhook.requests import BY_TOKEN, SECRET, request, standard_headers, webhooks
from xconnector.connectors.webhook.settings import WebhookSettings
from xconnector.contract.webhook_source import WebhookOutcome, WebhookRequest
from xconnector.domain.event import BadRecord, SourceRecord

XML = "text/xml; charset=utf-8"
FORM = "application/x-www-form-urlencoded"


def read(sent: WebhookRequest, **settings: Any) -> Sequence[SourceRecord | BadRecord]:  # noqa: ANN401 - see webhooks
    return webhooks(**{**BY_TOKEN, **settings}).read(sent, source="crm", event_type="com.acme.changed")


def only(sent: WebhookRequest, **settings: Any) -> SourceRecord:  # noqa: ANN401 - see webhooks
    (record,) = read(sent, **settings)
    assert isinstance(record, SourceRecord), record.reason
    return record


def bad(sent: WebhookRequest, **settings: Any) -> BadRecord:  # noqa: ANN401 - see webhooks
    (record,) = read(sent, **settings)
    assert isinstance(record, BadRecord)
    return record


def test_a_body_is_one_record_and_stays_as_it_came() -> None:
    body = b'{"id": 7, "name": "M\xc3\xbcller"}'
    record = only(request(body))

    assert (record.source, record.source_key, record.event_type) == ("crm", "7", "com.acme.changed")
    assert (record.payload, record.data) == (body, {"id": 7, "name": "Müller"})


@pytest.mark.parametrize("body", [b'[{"id": "a"}, {"id": "b"}]', b'{"events": [{"id": "a"}, {"id": "b"}]}'])
def test_a_request_may_hold_many_records(body: bytes) -> None:
    settings = {"records": "events"} if body.startswith(b"{") else {}
    records = read(request(body), **settings)

    assert [(one.source_key, one.position) for one in records] == [("a", 1), ("b", 2)]
    assert [json.loads(one.payload) for one in records] == [{"id": "a"}, {"id": "b"}]


def test_no_records_are_no_mistake_but_no_list_is() -> None:
    assert not read(request(b'{"events": []}'), records="events")
    assert "nothing at events" in bad(request(b'{"event": []}'), records="events").reason


def test_one_bad_record_is_no_harm_to_the_others() -> None:
    first, second, third = read(request(b'[{"id": "a"}, {"no": 1}, 7]'))

    assert isinstance(first, SourceRecord)
    assert isinstance(second, BadRecord)
    assert "record 2: the record has no key: id is missing" in second.reason
    assert isinstance(third, BadRecord)
    assert (third.payload, third.position) == (b"7", 3)


def test_without_a_key_the_signed_id_names_the_record() -> None:
    settings: Mapping[str, Any] = {"proof": {"standard_webhooks": {"secrets": [SECRET]}}, "key": []}
    one, two = b"{}", b"[{}, {}]"

    assert only(request(one, standard_headers(one)), **settings).source_key == "msg_1"
    assert [each.source_key for each in read(request(two, standard_headers(two)), **settings)] == ["msg_1/1", "msg_1/2"]


def test_type_and_time_are_read_where_they_stand() -> None:
    body = b'{"id": "1", "type": "policy.issued", "at": "2026-11-23T09:00:00+01:00"}'
    record = only(request(body), type="type", time="at")

    assert record.event_type == "policy.issued"
    assert record.occurred_at == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert only(request(b'{"id": "1", "at": 1795420800000}'), time="at").occurred_at is not None
    assert only(request(b'{"id": "1"}'), time="at").occurred_at is None
    for wrong in (b'{"id": "1", "type": ""}', b'{"id": "1"}'):
        assert "no type of an event" in bad(request(wrong), type="type").reason
    for wrong in (b'"today"', b'"2026-11-23T08:00:00"', b"true", b"1e300", b"[1]"):
        assert "no time such as" in bad(request(b'{"id": "1", "at": ' + wrong + b"}"), time="at").reason


def test_xml_is_read_by_the_name_of_its_document_element() -> None:
    body = b'<?xml version="1.0"?><claims xmlns="urn:x"><claim no="7"><sum>1.00</sum></claim><claim no="8"/></claims>'
    first, second = read(request(body, content_type=XML), records="claims.claim", key=["@no"])

    assert isinstance(first, SourceRecord)
    assert (first.source_key, first.data, second.source_key) == ("7", {"@no": "7", "sum": "1.00"}, "8")


@pytest.mark.parametrize(
    "body, told",
    [
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
        ("<!DOCTYPE a><a/>".encode("utf-16"), "document type"),
        (b"<a>", "not well-formed"),
        (b"<a>&b;</a>", "not well-formed"),
        (b"<a>" * 70 + b"</a>" * 70, "nested deeper than 64"),
        (b"<a>" * 2000, "not well-formed"),
        (b"", "not well-formed"),
    ],
)
def test_hostile_xml_is_set_aside(body: bytes, told: str) -> None:
    found = bad(request(body, content_type=XML))

    assert told in found.reason
    assert found.payload == body


def test_a_form_is_a_record_or_holds_one() -> None:
    plain = urlencode({"id": "7", "name": "Müller"}).encode()
    held = urlencode({"payload": '{"id": "8"}', "x": "1"}).encode()
    xml = urlencode({"payload": " <a><id>9</id></a>"}).encode()

    assert only(request(plain, content_type=FORM)).data == {"id": "7", "name": "Müller"}
    assert only(request(held, content_type=FORM), form_field="payload").source_key == "8"
    assert only(request(xml, content_type=FORM), form_field="payload", key=["a.id"]).source_key == "9"
    assert "no field payload" in bad(request(plain, content_type=FORM), form_field="payload").reason


@pytest.mark.parametrize(
    "sent, told",
    [
        (request(b"{", content_type="application/json"), "no JSON"),
        (request(b'{"id": "\xff"}', content_type="application/json"), "not UTF-8"),
        (request(b'{"id": 1, "id": 2}', content_type="application/json"), "same key twice"),
        (request(b"[" * 5000, content_type="application/json"), "nested deeper"),
        (request(b"{}", content_type="application/pdf"), "content type"),
        (request(b"{}", content_type=None), "content type"),
        (request(b"id=%00", content_type=FORM), "NUL"),
        (request(b"id=%ff", content_type=FORM), "no form"),
        (request("id=ü".encode(), content_type=FORM), "no form"),
    ],
)
def test_what_nobody_can_read_is_set_aside_with_its_bytes(sent: WebhookRequest, told: str) -> None:
    found = bad(sent)

    assert told in found.reason
    assert found.payload == sent.body


def test_a_sender_that_calls_its_body_wrong_is_helped() -> None:
    assert only(request(b'{"id": "1"}', content_type="text/plain"), body="json").source_key == "1"


def test_more_records_than_are_taken_are_set_aside_as_a_whole() -> None:
    body = json.dumps([{"id": number} for number in range(11)]).encode()

    assert "more than 10 records" in bad(request(body), most_records=10).reason
    assert len(read(request(body), most_records=11)) == 11


@pytest.mark.parametrize(
    "settings, told",
    [
        ({"key": []}, "`key` is missing"),
        ({"shape": "cloudevents"}, "leave out key"),
        ({"records": "a[", "key": ["id"]}, "has no ]"),
        ({"largest": 20_000_000}, "less than or equal to 10485760"),
    ],
)
def test_settings_that_do_not_fit_are_told(settings: Mapping[str, object], told: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        WebhookSettings.model_validate({**BY_TOKEN, "key": ["id"], **settings})
    assert told in str(wrong.value)


def test_senders_are_told_what_their_settings_say() -> None:
    accepted, refused = webhooks(**BY_TOKEN), webhooks(**BY_TOKEN, set_aside="refused")

    assert accepted.answer(WebhookOutcome.SET_ASIDE).status == 200
    assert refused.answer(WebhookOutcome.SET_ASIDE).status == 422
    assert refused.answer(WebhookOutcome.TAKEN).status == 200


NAMES = st.sampled_from(["id", "type", "at", "events"])
TREES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
)
BODIES = st.one_of(
    st.binary(),
    TREES.map(lambda one: json.dumps(one).encode()),
    st.from_regex(r"<[a-e]>(<id>|</id>|<!--|&amp;|]]>|<a b='1'/>|x){0,8}</[a-e]>").map(str.encode),
    st.dictionaries(st.text(), st.text()).map(lambda one: urlencode(one, errors="replace").encode()),
)


@given(
    BODIES,
    st.sampled_from(["application/json", XML, FORM, "", "application/cloudevents+json", "text/plain"]),
    st.sampled_from([{}, {"records": "events"}, {"type": "type", "time": "at"}, {"form_field": "payload"}]),
    st.sampled_from([None, "cloudevents", "salesforce_outbound_message"]),
)
def test_whatever_comes_is_a_record_or_set_aside(
    body: bytes, content_type: str, settings: dict[str, str], shape: str | None
) -> None:
    chosen: dict[str, Any] = {"shape": shape, "key": []} if shape else settings
    for record in read(request(body, content_type=content_type), **chosen):
        assert record.payload is not None
        if isinstance(record, BadRecord):
            assert record.reason
        else:
            assert record.source_key
            assert "\0" not in json.dumps(record.data, ensure_ascii=False)
