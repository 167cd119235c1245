"""Feedback reports (RFC 5965) and the like: a recipient pressed the button."""

from collections.abc import Mapping

from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.addresses import address_of_field, addresses_in
from xconnector.domain.feedback.mime import Part, decoded, read_fields
from xconnector.domain.feedback.prose import recipients_besides
from xconnector.domain.feedback.signal import Signal

_BY_TYPE: Mapping[str, DeliveryEventType] = {
    # RFC 5965 section 7.3; reports on authentication, viruses and the like are no complaints of a person
    "abuse": DeliveryEventType.COMPLAINED,
    "fraud": DeliveryEventType.COMPLAINED,
    "opt-out": DeliveryEventType.UNSUBSCRIBED,
    "opt-out-list": DeliveryEventType.UNSUBSCRIBED,
}
_LONGEST_REPORT = 64 * 1024
_OF_MICROSOFT = "x-hmxmroriginalrecipient"
_WORD = 40


def complaints(mail: Part) -> list[Signal]:
    """Return what a feedback report says, one signal a recipient; nothing where the mail holds none."""
    for part in mail.walk():
        if part.media_type == "message/feedback-report":
            return _of_report(mail, read_fields(decoded(part.octets()[:_LONGEST_REPORT])))
    for part in mail.walk():
        if recipient := _reported_by_microsoft(part):
            return [_signal(DeliveryEventType.COMPLAINED, "abuse", recipient)]
    return []


def _of_report(mail: Part, fields: tuple[tuple[str, str], ...]) -> list[Signal]:
    told = next((value for name, value in fields if name == "feedback-type"), "").strip().lower()
    kind = _BY_TYPE.get(told, DeliveryEventType.UNKNOWN)
    named = [
        address
        for name, value in fields
        if name in {"original-rcpt-to", "removal-recipient"} and (address := address_of_field(value))
    ]
    # Many providers take the address out; then only our own reference tells whose it is.
    recipients = list(dict.fromkeys(named)) or recipients_besides(mail) or [None]
    return [_signal(kind, told, recipient) for recipient in recipients]


def _signal(kind: DeliveryEventType, told: str, recipient: str | None) -> Signal:
    detail = f"feedback report: {told}" if told.replace("-", "").isalnum() and len(told) <= _WORD else "feedback report"
    return Signal(type=kind, recipient=recipient, final=kind is not DeliveryEventType.UNKNOWN, detail=detail)


def _reported_by_microsoft(part: Part) -> str | None:
    """Return whom a report of the Junk Mail Reporting Programme names: a field in the mail that it forwards."""
    if told := part.value(_OF_MICROSOFT):
        return address_of_field(told)
    if part.media_type != "message/rfc822":
        return None
    head = decoded(part.content.partition(b"\n\n")[0][:_LONGEST_REPORT])
    values = [value for name, value in read_fields(head) if name == _OF_MICROSOFT]
    return next(iter(addresses_in(" ".join(values))), None)
