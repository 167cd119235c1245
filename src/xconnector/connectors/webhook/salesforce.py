"""Outbound messages of Salesforce: notifications in SOAP 1.1, answered with an acknowledgement.

Up to 100 notifications come in one request. A notification may come again; its id names it once and for all. What is
not acknowledged comes again for 24 hours, with pauses of up to two hours.
"""

from collections.abc import Sequence
from typing import Any

from lxml import etree

from xconnector.contract.webhook_source import WebhookAnswer
from xconnector.contract.xml_content import (
    SCHEMA_INSTANCE,
    XmlContentError,
    XmlElement,
    content_of,
    read_xml,
)
from xconnector.domain.event import BadRecord, SourceRecord

_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
_DEPTH = 32
_MOST = 100
_LONGEST_ID = 100


def _acknowledgement(word: str) -> WebhookAnswer:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<Ack>{word}</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>"
    )
    return WebhookAnswer(status=200, body=body.encode(), content_type="text/xml; charset=utf-8")


ACKNOWLEDGED = _acknowledgement("true")
NOT_ACKNOWLEDGED = _acknowledgement("false")


def outbound_records(body: bytes, *, source: str, event_type: str) -> Sequence[SourceRecord | BadRecord]:
    """Return each notification as a record `{OrganizationId, ActionId, Id, sObject}`; never raises.

    What the object is, such as `Contact`, stands in `sObject` as `#type`. A session id is not kept in records.
    """
    try:
        notifications = _notifications(body)
    except XmlContentError as wrong:
        return [BadRecord(source=source, source_key=None, payload=body, reason=str(wrong))]
    shared = {name: text for name in ("OrganizationId", "ActionId") if (text := _text(notifications, name))}
    return [
        _record(one, shared, position, source=source, event_type=event_type)
        for position, one in enumerate(notifications.iterchildren(f"{_OUTBOUND}Notification"), start=1)
    ]


def _notifications(body: bytes) -> XmlElement:
    envelope = read_xml(body, depth=_DEPTH)
    found = envelope.find(f"{_SOAP}Body/{_OUTBOUND}notifications") if envelope.tag == f"{_SOAP}Envelope" else None
    if found is None:
        raise XmlContentError("no outbound message of Salesforce: Envelope, Body and notifications are not there")
    number = sum(1 for _ in found.iterchildren(f"{_OUTBOUND}Notification"))
    if not 1 <= number <= _MOST:
        raise XmlContentError(f"an outbound message of Salesforce has 1 to {_MOST} notifications")
    return found


def _record(
    element: XmlElement, shared: dict[str, Any], position: int, *, source: str, event_type: str
) -> SourceRecord | BadRecord:
    payload = etree.tostring(element, encoding="utf-8", xml_declaration=False, with_tail=False)
    key, thing = _text(element, "Id"), element.find(f"{_OUTBOUND}sObject")
    content = None if thing is None else content_of(thing)
    if thing is None or not isinstance(content, dict) or not key or len(key) > _LONGEST_ID:
        return BadRecord(
            source=source,
            source_key=None,
            payload=payload,
            reason=f"notification {position} has no Id, or no sObject with fields",
            position=position,
        )
    kind = thing.get(f"{SCHEMA_INSTANCE}type", "").rpartition(":")[2]
    return SourceRecord(
        source=source,
        source_key=key,
        event_type=event_type,
        occurred_at=None,
        payload=payload,
        data={**shared, "Id": key, "sObject": {**content, "#type": kind}},
        position=position,
    )


def _text(element: XmlElement, name: str) -> str:
    return (element.findtext(f"{_OUTBOUND}{name}") or "").strip()
