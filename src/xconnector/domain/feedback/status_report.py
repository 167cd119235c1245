"""Delivery status notifications (RFC 3464, 3461, 6522, 6533), as they are sent and not only as they should be."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.addresses import address_of_field
from xconnector.domain.feedback.diagnosis import Diagnosis, diagnosed
from xconnector.domain.feedback.meaning import Meaning
from xconnector.domain.feedback.mime import Part, decoded, read_fields
from xconnector.domain.feedback.signal import Signal
from xconnector.domain.feedback.status_codes import status_in
from xconnector.domain.feedback.undelivered import given_back, still_tried

MEDIA_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_MOST_RECIPIENTS = 200
_LONGEST_REPORT = 256 * 1024

_BY_ACTION: Mapping[str, DeliveryEventType] = {
    # RFC 3464 section 2.3.3
    "failed": DeliveryEventType.BOUNCED,
    "delayed": DeliveryEventType.DEFERRED,
    "delivered": DeliveryEventType.DELIVERED,
    # The next system reports no success: this is the last we hear, and no proof of delivery.
    "relayed": DeliveryEventType.SENT,
    "expanded": DeliveryEventType.SENT,
    # Words of their own, of OpenSMTPD, NTMail and others
    "error": DeliveryEventType.BOUNCED,
    "failure": DeliveryEventType.BOUNCED,
    "fail": DeliveryEventType.BOUNCED,
    "expired": DeliveryEventType.BOUNCED,
    "deferred": DeliveryEventType.DEFERRED,
    "delay": DeliveryEventType.DEFERRED,
}
_BY_CLASS: Mapping[str, DeliveryEventType] = {
    # RFC 3463 section 3.1: what the status says where there is no action
    "2": DeliveryEventType.DELIVERED,
    "4": DeliveryEventType.DEFERRED,
    "5": DeliveryEventType.BOUNCED,
}
# `X-PowerMTA-BounceCategory`
_BY_CATEGORY: Mapping[str, Meaning] = {
    "bad-mailbox": Meaning.NO_SUCH_MAILBOX,
    "bad-domain": Meaning.NO_SUCH_DOMAIN,
    "inactive-mailbox": Meaning.MAILBOX_DISABLED,
    "quota-issues": Meaning.MAILBOX_FULL,
    "spam-related": Meaning.SPAM,
    "virus-related": Meaning.VIRUS,
    "content-related": Meaning.CONTENT_REFUSED,
    "policy-related": Meaning.POLICY,
    "invalid-sender": Meaning.SENDER_REFUSED,
    "relaying-issues": Meaning.NO_RELAY,
    "no-answer-from-host": Meaning.NOT_REACHED,
    "bad-connection": Meaning.NOT_REACHED,
    "routing-errors": Meaning.NO_ROUTE,
    "message-expired": Meaning.GAVE_UP,
    "bad-configuration": Meaning.SYSTEM_FAULT,
    "protocol-errors": Meaning.PROTOCOL,
}
_RECIPIENTS = ("original-recipient", "final-recipient", "x-actual-recipient")
_BEGINNING = re.compile(r"^(?:Original-Recipient|Final-Recipient|Action)[ \t]*:", re.IGNORECASE | re.MULTILINE)
_ACTION = re.compile(r"^Action[ \t]*:", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"^(?:Status|Final-Recipient)[ \t]*:", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientReport:
    """What a report says of one recipient."""

    recipient: str | None = field(repr=False)
    kind: DeliveryEventType
    status: str | None
    words: str = field(repr=False)
    """Whatever it says of why, in all its fields."""
    category: Meaning | None = None
    """What the reporting system itself made of that."""

    def signal(self, diagnosis: Diagnosis) -> Signal:
        """Return the report with what was found to be the reason."""
        match self.kind:
            case DeliveryEventType.BOUNCED:
                return given_back(diagnosis, self.recipient)
            case DeliveryEventType.DEFERRED:
                return still_tried(diagnosis, self.recipient)
            case DeliveryEventType.UNKNOWN:
                detail = f"{self.status or ''} an action that RFC 3464 does not know".strip()
                return Signal(type=self.kind, recipient=self.recipient, status_code=self.status, detail=detail)
            case _:
                return Signal(
                    type=self.kind,
                    recipient=self.recipient,
                    status_code=self.status,
                    final=True,
                    detail=self.status or "",
                )

    def diagnosis(self) -> Diagnosis:
        """Return why: from the words and codes, or else as the reporting system sorted it."""
        found = diagnosed(self.words, status=self.status)
        if found.is_certain or self.category is None:
            return found
        return replace(found, meaning=self.category, is_certain=True)

    @property
    def is_undelivered(self) -> bool:
        return self.kind in {DeliveryEventType.BOUNCED, DeliveryEventType.DEFERRED}


def recipient_reports(mail: Part) -> list[RecipientReport]:
    """Return what the mail's status reports say, each recipient once; nothing where there is none."""
    texts = [_text(part) for part in mail.walk() if part.media_type in MEDIA_TYPES]
    found = [report for text in texts for report in _reports(text)]
    if not found:
        found = [report for text in _texts_like_a_report(mail) for report in _reports(text)]
    return list(dict.fromkeys(found))[:_MOST_RECIPIENTS]


def envelope_ids(mail: Part) -> list[str]:
    """Return the envelope ids (RFC 3461 section 4.4) that its reports carry back."""
    groups = (group for part in mail.walk() if part.media_type in MEDIA_TYPES for group in _groups(_text(part)))
    return [value for group in groups for name, value in group.items() if name == "original-envelope-id"]


def _text(part: Part) -> str:
    return decoded(part.octets()[:_LONGEST_REPORT])


def _texts_like_a_report(mail: Part) -> Iterator[str]:
    """Yield texts that hold a report where the structure of the mail is broken or its type is wrong."""
    for part in mail.walk():
        if part.parts or part.media_type == "message/rfc822":
            continue
        text = _text(part)
        if (found := _BEGINNING.search(text)) and _ACTION.search(text) and _STATUS.search(text):
            yield text[found.start() :]


def _reports(text: str) -> Iterator[RecipientReport]:
    for group in _groups(text):
        if group.keys() & {"action", "final-recipient", "original-recipient"}:
            yield _report(group)


def _groups(text: str) -> Iterator[Mapping[str, str]]:
    """Yield the groups of fields: between blank lines, and from recipient to recipient where these are missing."""
    group: dict[str, str] = {}
    for block in re.split(r"\n[ \t]*\n", text):
        fields = read_fields(block)
        if "action" in group or not group.keys() & set(_RECIPIENTS):
            if group:
                yield group
            group = {}
        for name, value in fields:
            if name in group and name in {"final-recipient", "action"}:
                yield group
                group = {}
            group.setdefault(name, value)
    if group:
        yield group


def _report(group: Mapping[str, str]) -> RecipientReport:
    status = status_in(group.get("status", ""))
    action = re.split(r"[;\s(]", group.get("action", "").strip().lower(), maxsplit=1)[0]
    by_status = _BY_CLASS.get((status or "")[:1], DeliveryEventType.UNKNOWN)
    if not action and by_status is DeliveryEventType.UNKNOWN and group.get("diagnostic-code"):
        by_status = DeliveryEventType.BOUNCED
    return RecipientReport(
        recipient=next(filter(None, (address_of_field(group.get(name, "")) for name in _RECIPIENTS)), None),
        kind=_BY_ACTION.get(action)
        or (DeliveryEventType.UNKNOWN if action and by_status is DeliveryEventType.DELIVERED else by_status),
        status=status,
        words=_words(group),
        category=_BY_CATEGORY.get(group.get("x-powermta-bouncecategory", "").strip().lower()),
    )


def _words(group: Mapping[str, str]) -> str:
    """Return the diagnostic, and the remarks that some write behind the status and the action."""
    diagnostic = group.get("diagnostic-code", "")
    kind, semicolon, rest = diagnostic.partition(";")
    said = rest if semicolon and " " not in kind.strip() else diagnostic
    return " ; ".join(
        part for part in (said.strip(), group.get("status", ""), group.get("action", "").partition("(")[2]) if part
    )
