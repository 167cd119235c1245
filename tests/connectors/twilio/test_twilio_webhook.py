"""Callbacks and inbound messages of Twilio, in the shapes that its documentation publishes."""

import pytest

from tests.connectors.recorded import Seen, only, seen, submitted
from xconnector.connectors.twilio.webhook import FORMAT

ANNA = "+4915112345678"


def status(word: str, code: str = "") -> dict[str, str]:
    told = {"MessageSid": "SM1", "AccountSid": "AC1", "From": "+15017122661", "To": ANNA, "MessageStatus": word}
    return {**told, "ErrorCode": code} if code else told


def text(body: str, **more: str) -> dict[str, str]:
    told = {"MessageSid": "SM2", "AccountSid": "AC1", "From": ANNA, "To": "+15017122661", "SmsStatus": "received"}
    return {**told, "Body": body, **more}


@pytest.mark.parametrize(
    "fields, expected",
    [
        (status("accepted"), ("accepted", None, None, False)),
        (status("scheduled"), ("accepted", None, None, False)),
        (status("queued"), ("accepted", None, None, False)),
        (status("sending"), ("sent", None, None, False)),
        (status("sent"), ("sent", None, None, False)),
        (status("delivered"), ("delivered", None, None, True)),
        (status("read"), ("opened", None, None, False)),
        (status("canceled"), ("cancelled", None, None, True)),
        (status("failed"), ("failed", None, "other", True)),
        (status("undelivered"), ("bounced", "soft", "other", True)),
        (status("undelivered", "30003"), ("bounced", "soft", "unreachable", True)),
        (status("undelivered", "30005"), ("bounced", "hard", "address", True)),
        (status("failed", "30006"), ("bounced", "hard", "address", True)),
        (status("failed", "21610"), ("rejected", None, "unsubscribed", True)),
        (status("undelivered", "30007"), ("rejected", None, "content", True)),
        (status("failed", "21211"), ("rejected", "hard", "address", True)),
        (status("undelivered", "30036"), ("expired", "soft", "unreachable", True)),
        (status("undelivered", "99999"), ("bounced", "soft", "other", True)),
        (status("of next year"), ("unknown", None, None, False)),
        (text("STOP"), ("unsubscribed", None, None, False)),
        (text(" stop. "), ("unsubscribed", None, None, False)),
        (text("Arrêt"), ("unsubscribed", None, None, False)),
        (text("Bien", OptOutType="STOP"), ("unsubscribed", None, None, False)),
        (text("START"), ("resubscribed", None, None, False)),
        (text("please stop calling"), ("responded", None, None, False)),
        (text(""), ("responded", None, None, False)),
    ],
)
def test_an_event_says_what_became_of_the_message(fields: dict[str, str], expected: Seen) -> None:
    signal = only(FORMAT, submitted(fields))

    assert seen(signal) == expected
    assert signal.recipient == ANNA


def test_a_status_is_told_once_for_each_message() -> None:
    first, again, later = (only(FORMAT, submitted(status(word))) for word in ("sent", "sent", "delivered"))

    assert first.event_id == again.event_id != later.event_id
    assert first.provider_id == "SM1"
