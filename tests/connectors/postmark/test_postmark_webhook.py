"""Events of Postmark, in the shapes that its documentation publishes."""

from typing import Any

import pytest

from tests.connectors.recorded import Seen, only, posted, seen
from xconnector.connectors.postmark.webhook import FORMAT


def bounce(kind: str, details: str = "") -> dict[str, Any]:
    return {
        "RecordType": "Bounce",
        "Type": kind,
        "ID": 4323372036854775807,
        "MessageID": "m-1",
        "Metadata": {"dispatch": "d-0"},
        "Description": "",
        "Details": details,
        "Email": "anna@customers.test",
        "BouncedAt": "2026-11-23T08:00:00.1234567Z",
    }


def record(kind: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {"RecordType": kind, "MessageID": "m-1", "Recipient": "anna@customers.test", **more}


@pytest.mark.parametrize(
    "told, expected",
    [
        (bounce("HardBounce", "smtp;550 5.1.1 user unknown"), ("bounced", "hard", "address", True)),
        (bounce("HardBounce"), ("bounced", "hard", "address", True)),
        (bounce("BadEmailAddress"), ("bounced", "hard", "address", True)),
        (bounce("SoftBounce", "552 5.2.2 mailbox full"), ("bounced", "soft", "mailbox_full", True)),
        (bounce("SoftBounce"), ("bounced", "soft", "other", True)),
        (bounce("Transient"), ("deferred", "soft", "unreachable", False)),
        (bounce("DnsError"), ("deferred", "soft", "unreachable", False)),
        (bounce("SpamNotification"), ("complained", None, "content", True)),
        (bounce("Blocked"), ("rejected", None, "blocked", True)),
        (bounce("ManuallyDeactivated"), ("rejected", None, "other", True)),
        (bounce("SMTPApiError"), ("rejected", None, "other", True)),
        (bounce("TemplateRenderingFailed"), ("failed", None, "other", True)),
        (bounce("AutoResponder"), ("autoreplied", None, None, False)),
        (bounce("AddressChange"), ("autoreplied", None, None, False)),
        (bounce("Unsubscribe"), ("unsubscribed", None, None, True)),
        (bounce("Subscribe"), ("resubscribed", None, None, False)),
        (bounce("Unknown"), ("unknown", None, None, False)),
        (bounce("OfNextYear"), ("unknown", None, None, False)),
        (record("Delivery"), ("delivered", None, None, True)),
        (record("Open"), ("opened", None, None, False)),
        (record("Click"), ("clicked", None, None, False)),
        (record("SpamComplaint"), ("complained", None, None, True)),
        (record("SubscriptionChange", SuppressSending=True), ("unsubscribed", None, None, False)),
        (
            record("SubscriptionChange", SuppressSending=True, SuppressionReason="ManualSuppression"),
            ("unsubscribed", None, None, True),
        ),
        (
            record("SubscriptionChange", SuppressSending=True, SuppressionReason="HardBounce"),
            ("rejected", "hard", "address", True),
        ),
        (record("SubscriptionChange", SuppressSending=False), ("resubscribed", None, None, False)),
        ({"FromFull": {}, "MailboxHash": "", "From": "anna@customers.test"}, ("responded", None, None, False)),
        (record("OfNextYear"), ("unknown", None, None, False)),
    ],
)
def test_an_event_says_what_became_of_the_mail(told: dict[str, Any], expected: Seen) -> None:
    signal = only(FORMAT, posted(told))

    assert seen(signal) == expected
    assert signal.recipient == "anna@customers.test"


def test_what_was_given_along_comes_back() -> None:
    signal = only(FORMAT, posted(bounce("HardBounce")))

    assert (signal.references, signal.provider_id) == ({"dispatch": "d-0"}, "m-1")
    assert signal.event_id == "4323372036854775807"
    assert signal.occurred_at is not None
