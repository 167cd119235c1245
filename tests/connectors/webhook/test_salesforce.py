"""Outbound messages of Salesforce, over the shape of their published WSDL."""

from pathlib import Path

import pytest
from lxml import etree

from tests.connectors.webhook.requests import BY_TOKEN, request, webhooks
from xconnector.connectors.webhook.source import SignedWebhooks
from xconnector.contract.webhook_source import WebhookOutcome
from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.project.shipped_mappings import shipped_mapping

SAMPLE = Path(__file__).parents[2] / "mappings" / "samples" / "salesforce_soap_notification.xml"
NOTIFICATION = (
    b'<Notification><Id>%d</Id><sObject xsi:type="sf:Contact" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
    b"<sf:Id>003</sf:Id></sObject></Notification>"
)


def salesforce(**settings: str) -> SignedWebhooks:
    return webhooks(**BY_TOKEN, key=[], shape="salesforce_outbound_message", **settings)


def message(notifications: bytes) -> bytes:
    return (
        b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        b'<notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>00D</OrganizationId>'
        b"<SessionId>a session</SessionId>%s</notifications></soapenv:Body></soapenv:Envelope>" % notifications
    )


def test_each_notification_is_a_record_with_its_id_and_the_kind_of_its_object() -> None:
    first, second = salesforce().read(request(SAMPLE.read_bytes()), source="sf", event_type="contact.changed")

    assert isinstance(first, SourceRecord)
    assert (first.source_key, first.event_type, second.source_key) == (
        "04l000000000001AAA",
        "contact.changed",
        "04l000000000002AAA",
    )
    assert first.data["OrganizationId"] == "00D000000000001EAA"
    assert first.data["sObject"]["#type"] == "Contact"
    mapping = shipped_mapping("salesforce_soap_notification")
    assert mapping is not None
    assert mapping.apply(first.data).customer_fields["email"] == "anna@example.test"


def test_up_to_a_hundred_come_in_one_request() -> None:
    hundred = b"".join(NOTIFICATION % number for number in range(1, 101))

    assert len(salesforce().read(request(message(hundred)), source="sf", event_type="x")) == 100
    (bad,) = salesforce().read(request(message(hundred + NOTIFICATION % 101)), source="sf", event_type="x")
    assert isinstance(bad, BadRecord)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"<a/>", message(b""), SAMPLE.read_bytes().replace(b"2005/09/outbound", b"2005/09/other")]
)
def test_what_is_no_outbound_message_is_set_aside(body: bytes) -> None:
    (bad,) = salesforce().read(request(body), source="sf", event_type="x")

    assert isinstance(bad, BadRecord)
    assert bad.payload == body


def test_a_notification_without_its_object_is_set_aside_and_the_others_pass() -> None:
    body = message(b"<Notification><Id>7</Id></Notification>" + NOTIFICATION % 8)
    bad, good = salesforce().read(request(body), source="sf", event_type="x")

    assert isinstance(bad, BadRecord)
    assert isinstance(good, SourceRecord)


def test_no_session_is_kept() -> None:
    (record,) = salesforce().read(request(message(NOTIFICATION % 1)), source="sf", event_type="x")

    assert b"a session" not in record.payload
    assert "a session" not in str(getattr(record, "data", ""))


@pytest.mark.parametrize(
    "settings, outcome, word",
    [
        ({}, WebhookOutcome.TAKEN, "true"),
        ({}, WebhookOutcome.SET_ASIDE, "true"),
        ({"set_aside": "refused"}, WebhookOutcome.SET_ASIDE, "false"),
    ],
)
def test_it_is_answered_with_an_acknowledgement(settings: dict[str, str], outcome: WebhookOutcome, word: str) -> None:
    answer = salesforce(**settings).answer(outcome)

    assert (answer.status, answer.content_type) == (200, "text/xml; charset=utf-8")
    acknowledged = etree.fromstring(answer.body).find(".//{http://soap.sforce.com/2005/09/outbound}Ack")
    assert acknowledged is not None
    assert acknowledged.text == word
