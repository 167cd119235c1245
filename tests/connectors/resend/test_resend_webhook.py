"""Events of Resend, in the shapes that its documentation publishes, and their signature."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.recorded import Seen, only, posted, seen
from xconnector.connectors.resend.signature import is_genuine
from xconnector.connectors.resend.webhook import FORMAT
from xconnector.contract.feedback import FeedbackRequest

VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "standard_webhooks" / "vectors.json"


def event(kind: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    about = {
        "email_id": "m-1",
        "from": "Bank <bank@sender.test>",
        "to": ["Anna <anna@customers.test>"],
        "tags": [{"name": "dispatch", "value": "d-0"}],
        **more,
    }
    return {"type": kind, "created_at": "2026-11-23T08:00:00.000Z", "data": about}


def bounced(kind: str, exactly: str, text: str = "") -> dict[str, Any]:
    return event("email.bounced", bounce={"type": kind, "subType": exactly, "message": text})


@pytest.mark.parametrize(
    "told, expected",
    [
        (event("email.sent"), ("sent", None, None, False)),
        (event("email.scheduled"), ("accepted", None, None, False)),
        (event("email.delivered"), ("delivered", None, None, True)),
        (event("email.delivery_delayed"), ("deferred", "soft", None, False)),
        (bounced("Permanent", "General"), ("bounced", "hard", "address", True)),
        (bounced("Permanent", "Suppressed"), ("rejected", "hard", "address", True)),
        (bounced("Transient", "MailboxFull"), ("bounced", "soft", "mailbox_full", True)),
        (bounced("Transient", "General", "The mailbox is full"), ("bounced", "soft", "mailbox_full", True)),
        (bounced("Undetermined", ""), ("bounced", "soft", "other", True)),
        (event("email.suppressed"), ("rejected", None, "other", True)),
        (event("email.failed", failed={"reason": "x"}), ("failed", None, "other", True)),
        (event("email.complained"), ("complained", None, None, True)),
        (event("email.opened"), ("opened", None, None, False)),
        (event("email.clicked"), ("clicked", None, None, False)),
        (event("contact.created"), ("unknown", None, None, False)),
    ],
)
def test_an_event_says_what_became_of_the_mail(told: dict[str, Any], expected: Seen) -> None:
    signal = only(FORMAT, posted(told, {"svix-id": "msg_1"}))

    assert seen(signal) == expected
    assert (signal.recipient, signal.provider_id, signal.event_id) == ("anna@customers.test", "m-1", "msg_1")
    assert signal.references == {"dispatch": "d-0"}


@pytest.mark.parametrize(
    "text, expected",
    [
        ("The recipient's email provider sent a hard bounce message.", ("bounced", "hard", "address", True)),
        ("The recipient's email provider sent a general bounce message.", ("bounced", "soft", "other", True)),
        ("A bounce message because the recipient's inbox was full.", ("bounced", "soft", "mailbox_full", True)),
        ("Resend has suppressed sending to this address.", ("rejected", "hard", "address", True)),
    ],
)
def test_a_bounce_without_a_type_is_known_by_its_words(text: str, expected: Seen) -> None:
    assert seen(only(FORMAT, posted(event("email.bounced", bounce={"message": text})))) == expected


def test_of_a_mail_to_several_nobody_is_blamed() -> None:
    assert only(FORMAT, posted(event("email.bounced", to=["anna@x.test", "bert@x.test"]))).recipient is None


def signed(vector: dict[str, Any], **changed: str) -> FeedbackRequest:
    headers = {
        "svix-id": vector["msg_id"],
        "svix-timestamp": str(vector["timestamp"]),
        "svix-signature": vector["signature"],
    }
    headers |= {f"svix-{name}": value for name, value in changed.items() if name != "body"}
    return FeedbackRequest(headers=headers, body=str(changed.get("body", vector["payload"])).encode())


@pytest.mark.skipif(not VECTORS.is_file(), reason="needs ../shared/vectors/standard_webhooks, not in this repository")
def test_a_signature_of_the_specification_is_genuine_and_no_other_is() -> None:
    (vector,) = json.loads(VECTORS.read_text(encoding="utf-8"))["hmac"]
    now = datetime.fromtimestamp(vector["timestamp"], UTC)
    secret = vector["secret"]

    assert is_genuine(signed(vector), secret, now=now)
    assert is_genuine(signed(vector, signature=f"v1a,x v1,wrong {vector['signature']}"), secret, now=now)
    assert not is_genuine(signed(vector, signature="v1,wrong"), secret, now=now)
    assert not is_genuine(signed(vector, signature=vector["signature"].replace("v1", "v2")), secret, now=now)
    assert not is_genuine(signed(vector, body="{}"), secret, now=now)
    assert not is_genuine(signed(vector, id="msg_2"), secret, now=now)
    assert not is_genuine(signed(vector, id="msg.1"), secret, now=now)
    assert not is_genuine(signed(vector, timestamp="soon"), secret, now=now)
    assert not is_genuine(signed(vector), "whsec_no base64!", now=now)
    assert not is_genuine(signed(vector), secret, now=now + timedelta(minutes=6))
    assert not is_genuine(signed(vector), secret, now=now - timedelta(minutes=6))
