"""Events of Amazon SES, in the shapes that its developer guide publishes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.connectors.recorded import Seen, only, posted, seen
from xconnector.connectors.ses.webhook import FORMAT
from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import FeedbackRequest

MAIL: dict[str, Any] = {
    "timestamp": "2026-11-23T08:00:00.000Z",
    "messageId": "0100-1",
    "source": "bank@sender.test",
    "destination": ["anna@customers.test", "bert@customers.test"],
    "tags": {"ses:configuration-set": ["main"], "dispatch": ["d-0"]},
}


def event(kind: str, about: dict[str, Any], *, place: str | None = None, word: str = "eventType") -> dict[str, Any]:
    return {word: kind, "mail": MAIL, place or kind.lower(): about}


def bounce(kind: str, exactly: str, *, status: str = "", diagnostic: str = "") -> dict[str, Any]:
    recipient = {"emailAddress": "anna@customers.test", "action": "failed"}
    recipient |= {"status": status} if status else {}
    recipient |= {"diagnosticCode": diagnostic} if diagnostic else {}
    about = {
        "bounceType": kind,
        "bounceSubType": exactly,
        "bouncedRecipients": [recipient],
        "timestamp": "2026-11-23T08:00:05.000Z",
        "feedbackId": "f-1",
    }
    return event("Bounce", about)


def enveloped(inner: object) -> dict[str, Any]:
    return {
        "Type": "Notification",
        "MessageId": "sns-1",
        "TopicArn": "arn:aws:sns:eu-central-1:1:feedback",
        "Message": json.dumps(inner),
        "Timestamp": "2026-11-23T08:00:06.000Z",
        "SignatureVersion": "2",
    }


@pytest.mark.parametrize(
    "kind, exactly, diagnostic, expected",
    [
        ("Permanent", "General", "smtp; 550 5.1.1 user unknown", ("bounced", "hard", "address", True)),
        ("Permanent", "General", "", ("bounced", "hard", "address", True)),
        ("Permanent", "NoEmail", "", ("bounced", "hard", "address", True)),
        ("Permanent", "General", "smtp; 554 blocked using zen.spamhaus.org", ("bounced", "hard", "blocked", True)),
        ("Permanent", "Suppressed", "", ("rejected", "hard", "address", True)),
        ("Permanent", "OnAccountSuppressionList", "", ("rejected", "hard", "address", True)),
        ("Permanent", "UnsubscribedRecipient", "", ("rejected", None, "unsubscribed", True)),
        ("Transient", "General", "", ("bounced", "soft", "other", True)),
        ("Transient", "MailboxFull", "", ("bounced", "soft", "mailbox_full", True)),
        ("Transient", "MessageTooLarge", "", ("bounced", "soft", "content", True)),
        ("Transient", "ContentRejected", "", ("bounced", "soft", "content", True)),
        ("Transient", "AttachmentRejected", "", ("bounced", "soft", "content", True)),
        ("Undetermined", "Undetermined", "", ("bounced", "soft", "other", True)),
        ("Permanent", "of next year", "", ("bounced", "hard", "address", True)),
    ],
)
def test_a_bounce_has_a_class_and_a_reason(kind: str, exactly: str, diagnostic: str, expected: Seen) -> None:
    assert seen(only(FORMAT, posted(bounce(kind, exactly, diagnostic=diagnostic)))) == expected


@pytest.mark.parametrize(
    "told, expected",
    [
        (event("Send", {}), ("sent", None, None, False)),
        (event("Delivery", {"recipients": ["anna@customers.test"]}), ("delivered", None, None, True)),
        (event("Reject", {"reason": "Bad content"}), ("rejected", None, "content", True)),
        (event("Open", {"userAgent": "x"}), ("opened", None, None, False)),
        (event("Click", {"link": "https://x.test"}), ("clicked", None, None, False)),
        (event("Rendering Failure", {"errorMessage": "x"}, place="failure"), ("failed", None, "other", True)),
        (
            event("DeliveryDelay", {"delayType": "MailboxFull"}, place="deliveryDelay"),
            ("deferred", "soft", "mailbox_full", False),
        ),
        (event("Complaint", {"complaintFeedbackType": "abuse"}), ("complained", None, None, True)),
        (event("Complaint", {"complaintFeedbackType": "not-spam"}), ("unknown", None, None, False)),
        (event("Subscription", {"newTopicPreferences": {"unsubscribeAll": True}}), ("unsubscribed", None, None, False)),
        (
            event("Subscription", {"newTopicPreferences": {"unsubscribeAll": False}}),
            ("resubscribed", None, None, False),
        ),
        (event("Of next year", {}), ("unknown", None, None, False)),
    ],
)
def test_an_event_says_what_became_of_the_mail(told: dict[str, Any], expected: Seen) -> None:
    assert {seen(one) for one in FORMAT.read(posted(told))} == {expected}


def test_each_recipient_has_a_signal() -> None:
    recipients = [{"emailAddress": "anna@customers.test"}, {"emailAddress": "bert@customers.test"}]
    told = event("Complaint", {"complainedRecipients": recipients})

    assert [one.recipient for one in FORMAT.read(posted(told))] == ["anna@customers.test", "bert@customers.test"]


@pytest.mark.parametrize("word", ["eventType", "notificationType"])
def test_the_envelope_of_sns_is_opened(word: str) -> None:
    inner = bounce("Permanent", "General", status="5.1.1", diagnostic="smtp; 550 user unknown")
    inner[word] = inner.pop("eventType")

    signal = only(FORMAT, posted(enveloped(inner)))

    assert seen(signal) == ("bounced", "hard", "address", True)
    assert (signal.recipient, signal.status_code) == ("anna@customers.test", "5.1.1")
    assert (signal.event_id, signal.provider_id) == ("sns-1", "0100-1")
    assert signal.references["dispatch"] == "d-0"
    assert signal.occurred_at == datetime(2026, 11, 23, 8, 0, 5, tzinfo=UTC)


def test_news_of_the_subscription_itself_is_no_event() -> None:
    told = {"Type": "SubscriptionConfirmation", "Token": "t", "TopicArn": "a", "SubscribeURL": "https://x.test"}

    assert FORMAT.read(posted(told)) == []


def test_an_envelope_with_plain_words_is_unknown() -> None:
    told = {"Type": "Notification", "TopicArn": "a", "Message": "Successfully validated SNS topic"}

    assert seen(only(FORMAT, posted(told))) == ("unknown", None, None, False)


@pytest.mark.parametrize("body", [b"", b"[1]", b"null", b'"x"', b"\xff", b"[" * 100_000, b"{" * 5000])
def test_what_is_no_event_at_all_is_refused(body: bytes) -> None:
    with pytest.raises(PermanentError):
        FORMAT.read(FeedbackRequest(headers={}, body=body))
