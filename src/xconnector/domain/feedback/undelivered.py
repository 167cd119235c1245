"""A diagnosis as a signal: what became of the mail, and why, as two answers that do not follow from each other."""

from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.diagnosis import Diagnosis
from xconnector.domain.feedback.signal import BounceClass, Signal


def given_back(diagnosis: Diagnosis, recipient: str | None) -> Signal:
    """Return what it means that a mail system gave up on a mail.

    A relay whose patience ran out fails with the temporary code of its last try; that is no refusal.
    """
    meaning = diagnosis.meaning
    expired = diagnosis.is_temporary and not meaning.is_lasting
    return _signal(
        DeliveryEventType.EXPIRED if expired else DeliveryEventType.BOUNCED, diagnosis, recipient, final=True
    )


def still_tried(diagnosis: Diagnosis, recipient: str | None) -> Signal:
    """Return what it means that a mail system was not yet able to deliver a mail."""
    return _signal(DeliveryEventType.DEFERRED, diagnosis, recipient, final=False)


def _signal(kind: DeliveryEventType, diagnosis: Diagnosis, recipient: str | None, *, final: bool) -> Signal:
    lasting = final and diagnosis.meaning.is_lasting
    return Signal(
        type=kind,
        bounce_class=BounceClass.HARD if lasting else BounceClass.SOFT,
        reason=diagnosis.meaning.reason,
        recipient=recipient,
        status_code=diagnosis.status or diagnosis.reply_code,
        final=final,
        detail=diagnosis.detail,
    )
