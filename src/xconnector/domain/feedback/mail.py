"""A mail that came back, as signals: reports, complaints, receipts, automatic answers, and prose of mail systems."""

from collections.abc import Sequence
from dataclasses import replace

from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.addresses import address_of_field
from xconnector.domain.feedback.automatic import automatic_reply
from xconnector.domain.feedback.complaint import complaints
from xconnector.domain.feedback.diagnosis import Diagnosis
from xconnector.domain.feedback.disposition import MEDIA_TYPES as RECEIPTS
from xconnector.domain.feedback.disposition import dispositions
from xconnector.domain.feedback.mime import Part, read_mail, unencoded
from xconnector.domain.feedback.prose import Prose, failed_recipients, prose_of, recipients_besides, signals_of_prose
from xconnector.domain.feedback.signal import Signal
from xconnector.domain.feedback.status_report import RecipientReport, recipient_reports
from xconnector.domain.feedback.words_of_mails import AWAY, GIVEN_BACK, LAST_HOP

_SAID_FIRST = 1500
"""Characters of a mail's beginning that say what it is."""


def signals_of_mail(mail: Part) -> Sequence[Signal]:
    """Return what a mail says, at least one signal; what is not understood is UNKNOWN, never lost."""
    if reports := recipient_reports(mail):
        return _of_reports(mail, reports)
    if found := complaints(mail):
        return found
    if (found := dispositions(mail)) and not _is_refused_by_receipt(mail, found):
        return found
    for part in mail.walk():
        if part.media_type == "message/rfc822" and (
            reports := recipient_reports(forwarded := read_mail(part.octets()))
        ):
            # A gateway packed the whole report into a mail of its own.
            return _of_reports(forwarded, reports)
    return _of_mail_for_people(mail)


def _of_reports(mail: Part, reports: Sequence[RecipientReport]) -> list[Signal]:
    prose = prose_of(mail)
    named = [one.recipient for one in reports if one.recipient]
    nameless = (
        None if named else next(iter(failed_recipients(mail) or prose.recipients() or recipients_besides(mail)), None)
    )
    return [
        (report if report.recipient else replace(report, recipient=nameless)).signal(_diagnosis(report, prose, named))
        for report in reports
    ]


def _diagnosis(report: RecipientReport, prose: Prose, named: Sequence[str]) -> Diagnosis:
    """Return why, from the report, or from the words beside it where the report does not really say."""
    diagnosis = report.diagnosis()
    if diagnosis.is_certain or not report.is_undelivered:
        return diagnosis
    said = prose.diagnosis_of(report.recipient, named) if report.recipient else prose.diagnosis()
    return diagnosis.supplemented(said)


def _of_mail_for_people(mail: Part) -> Sequence[Signal]:
    prose = prose_of(mail)
    subject = unencoded(mail.value("subject"))
    in_subject, in_words = GIVEN_BACK.search(subject), GIVEN_BACK.search(prose.text[:_SAID_FIRST])
    if _is_from_the_last_hop(mail) or (in_subject and in_words and not AWAY.search(subject)):
        return signals_of_prose(mail, prose)
    if answer := automatic_reply(mail, prose):
        return [answer]
    return signals_of_prose(mail, prose) if in_subject or in_words else [_of_a_person(mail)]


def _is_refused_by_receipt(mail: Part, receipts: Sequence[Signal]) -> bool:
    """Say whether a receipt is how a filter refuses a mail (RFC 5429): deleted unseen, and the text says why."""
    unseen = all(one.type is DeliveryEventType.UNKNOWN and one.by_machine for one in receipts)
    return unseen and bool(
        GIVEN_BACK.search(f"{unencoded(mail.value('subject'))}\n{prose_of(mail).text[:_SAID_FIRST]}")
    )


def _is_from_the_last_hop(mail: Part) -> bool:
    """Say whether a mail system wrote it: it says so, or leaves out the address that an answer would go to."""
    sender = unencoded(mail.value("from"))
    is_a_refusal_by_receipt = any(part.media_type in RECEIPTS for part in mail.walk())
    is_named_so = LAST_HOP.search(sender) or sender.rstrip().endswith("<>")
    return bool(mail.value("x-failed-recipients") or is_named_so or is_a_refusal_by_receipt)


def _of_a_person(mail: Part) -> Signal:
    is_answer = bool(mail.value("in-reply-to") or mail.value("references"))
    return Signal(
        type=DeliveryEventType.RESPONDED if is_answer else DeliveryEventType.UNKNOWN,
        recipient=address_of_field(mail.value("from")),
        detail="" if is_answer else "a mail without a report that we understand",
    )
