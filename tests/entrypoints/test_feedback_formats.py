"""Which shape a file has, whatever its name: mails, and recorded requests of every provider."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.feedback.mails import of_recipient, report
from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import MOST_BODY, MOST_EVENTS, FeedbackRequest
from xconnector.domain.strict_json import Json
from xconnector.entrypoints.feedback_formats import FORMATS, UnreadableFeedbackError, recorded_request, signals_of_file

ANNA = "anna@customers.test"
SES = {"eventType": "Delivery", "mail": {"messageId": "1", "destination": [ANNA]}, "delivery": {"recipients": [ANNA]}}
BODIES: dict[str, Any] = {
    "ses": {"Type": "Notification", "TopicArn": "a", "MessageId": "1", "Message": json.dumps(SES)},
    "sendgrid": [{"email": ANNA, "event": "delivered", "sg_event_id": "1", "sg_message_id": "2"}],
    "mailgun": {"signature": {}, "event-data": {"event": "delivered", "recipient": ANNA}},
    "postmark": {"RecordType": "Delivery", "Recipient": ANNA, "MessageID": "1"},
    "sparkpost": [{"msys": {"message_event": {"type": "delivery", "rcpt_to": ANNA}}}],
    "mailjet": {"event": "sent", "email": ANNA, "MessageID": 1, "Message_GUID": "g", "mj_campaign_id": 1},
    "resend": {"type": "email.delivered", "created_at": "2026-11-23T08:00:00Z", "data": {"to": [ANNA]}},
    "lob": {"id": "evt_1", "event_type": {"id": "letter.delivered"}, "body": {"id": "ltr_1"}},
    "infobip": {"results": [{"messageId": "1", "to": "49", "status": {"groupName": "DELIVERED"}}]},
    "vonage": {"message_uuid": "1", "to": "49", "from": "Bank", "status": "delivered"},
    "twilio": "MessageSid=SM1&AccountSid=AC1&MessageStatus=delivered&To=%2B49",
    "brevo": {"event": "delivered", "email": ANNA, "message-id": "<1@x>", "ts_event": 1763884800},
}


def recorded(name: str, **headers: str) -> bytes:
    """Return the file of a request as a person would record it."""
    told = BODIES[name]
    kind = "application/json" if not isinstance(told, str) else "application/x-www-form-urlencoded"
    body = told if isinstance(told, str) else json.dumps(told)
    return json.dumps({"headers": {"Content-Type": kind, **headers}, "body": body}).encode()


@pytest.mark.parametrize("name", FORMATS)
def test_a_request_is_recognised_and_read_as_if_it_were_named(name: str) -> None:
    recognised = signals_of_file(recorded(name))

    assert [one.type for one in recognised] == ["delivered"]
    assert recognised == signals_of_file(recorded(name), name)


@pytest.mark.parametrize("name", FORMATS)
def test_only_one_provider_takes_a_request_for_its_own(name: str) -> None:
    request = recorded_request(recorded(name))

    assert [one for one, format_ in FORMATS.items() if format_.recognises(request)] == [name]


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"twilio"}))
def test_a_body_by_itself_is_read_as_well(name: str) -> None:
    assert [one.type for one in signals_of_file(json.dumps(BODIES[name]).encode())] == ["delivered"]


SIGNED = {"token": "t", "signature": "s"}
MULTIPART = 'multipart/form-data; boundary="b"'


def form(fields: Mapping[str, str]) -> str:
    parts = "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items())
    return f"{parts}--b--\r\n"


@pytest.mark.parametrize(
    "name, kind, body",
    [
        ("sendgrid", MULTIPART, form({"to": "b@x.test", "from": f"Anna <{ANNA}>", "envelope": "{}", "charsets": "{}"})),
        ("mailgun", MULTIPART, form({"recipient": "b@x.test", "sender": ANNA, "body-plain": "", **SIGNED})),
        ("postmark", "application/json", json.dumps({"From": ANNA, "FromFull": {}, "MailboxHash": ""})),
        ("sparkpost", "application/json", json.dumps([{"msys": {"relay_message": {"msg_from": ANNA, "content": {}}}}])),
        ("mailjet", "application/json", json.dumps({"Sender": ANNA, "Recipient": "b@x.test", "Parts": []})),
        (
            "brevo",
            "application/json",
            json.dumps({"items": [{"Uuid": ["1"], "MessageId": "1", "From": {"Address": ANNA}}]}),
        ),
        ("resend", "application/json", json.dumps({"type": "email.received", "data": {"from": f"Anna <{ANNA}>"}})),
        ("ses", "application/json", json.dumps({"notificationType": "Received", "mail": {"source": ANNA}})),
    ],
)
def test_what_a_customer_wrote_is_a_response(name: str, kind: str, body: str) -> None:
    file = json.dumps({"headers": {"Content-Type": kind}, "body": body}).encode()

    assert [(one.type, one.recipient) for one in signals_of_file(file)] == [("responded", ANNA)]
    assert signals_of_file(file) == signals_of_file(file, name)


def test_headers_may_be_recorded_in_any_way() -> None:
    for headers in ({"X-A": "1"}, {"x-a": ["1"]}, [["X-A", "1"]], [{"name": "x"}], "nonsense", None):
        file = json.dumps({"headers": headers, "body": json.dumps(BODIES["postmark"])}).encode()

        assert [one.type for one in signals_of_file(file)] == ["delivered"]


def test_a_body_that_was_recorded_as_json_is_read() -> None:
    file = json.dumps({"headers": {}, "body": BODIES["postmark"]}).encode()

    assert [one.type for one in signals_of_file(file)] == ["delivered"]


def test_everything_else_is_a_mail() -> None:
    mail = report(of_recipient("failed", "5.1.1"))

    assert [one.type for one in signals_of_file(mail)] == ["bounced"]
    assert signals_of_file(mail) == signals_of_file(mail, "email")
    assert [one.type for one in signals_of_file(b"")] == ["unknown"]


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"{}",
        b"[1, 2]",
        b'{"headers": {}, "body": "no json"}',
        b'{"headers": {}, "body": "{}"}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"headers": {}, "body": "\xff"}',
        b'{"headers": {}, "body": "\\ud800"}',
    ],
)
def test_what_nobody_sends_is_refused_and_not_shown(content: bytes) -> None:
    with pytest.raises(UnreadableFeedbackError):
        signals_of_file(content)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.timeout(60)
def test_a_poisoned_body_is_refused(name: str) -> None:
    for body in (
        b"x" * (MOST_BODY + 1),
        b"[" * 1_000_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'"' + b"\xff" * 1000,
        json.dumps([{}] * (MOST_EVENTS + 1)).encode(),
    ):
        with pytest.raises(PermanentError) as refused:
            FORMATS[name].read(FeedbackRequest(headers={}, body=body))
        assert len(str(refused.value)) < 200


json_values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(st.data(), st.sampled_from(sorted(FORMATS)))
def test_whatever_stands_in_a_request_is_an_event_or_a_refusal(data: st.DataObject, name: str) -> None:
    told = BODIES[name]
    body = data.draw(mutated(told)) if not isinstance(told, str) else data.draw(st.text())
    content = json.dumps(body).encode() if not isinstance(body, str) else body.encode()
    for request in (FeedbackRequest(headers={}, body=content), FeedbackRequest(headers={}, body=content[:-1])):
        assert FORMATS[name].recognises(request) in {True, False}
        with suppress(PermanentError):
            assert all(one.type for one in FORMATS[name].read(request))


@st.composite
def mutated(draw: st.DrawFn, told: Json) -> Json:
    """Put any value into any place of a body."""
    if isinstance(told, dict):
        changed: dict[str, Json] = dict(told)
        for name in draw(st.sets(st.sampled_from(sorted(told)), max_size=2)) if told else ():
            changed[name] = draw(json_values | mutated(told[name]))
        changed.update(draw(st.dictionaries(st.text(max_size=8), json_values, max_size=1)))
        return changed
    if isinstance(told, list) and told:
        return [draw(mutated(told[0])), *draw(st.lists(json_values, max_size=1))]
    return draw(json_values)


@given(st.binary(max_size=400), st.sampled_from([None, "email", *sorted(FORMATS)]))
def test_any_file_is_read_or_refused(content: bytes, name: str | None) -> None:
    with suppress(UnreadableFeedbackError):
        assert all(one.type for one in signals_of_file(content, name))
