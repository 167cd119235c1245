"""Events of Mailgun, in the shapes that its documentation publishes."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.connectors.recorded import Seen, only, posted, seen, submitted
from xconnector.connectors.mailgun.signature import genuine_token
from xconnector.connectors.mailgun.webhook import FORMAT
from xconnector.contract.feedback import FeedbackRequest

KEY = "key-of-the-test"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def event(word: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    told = {
        "event": word,
        "id": "e-1",
        "timestamp": NOW.timestamp(),
        "recipient": "anna@customers.test",
        "message": {"headers": {"message-id": "1@sender.test"}},
        "user-variables": {"dispatch": "d-0"},
        **more,
    }
    return {"signature": signature(), "event-data": told}


def failed(severity: str, reason: str = "generic", **status: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return event("failed", **{"severity": severity, "reason": reason, "delivery-status": status})


def signature(token: str = "t" * 50, timestamp: int | None = None, key: str = KEY) -> dict[str, str]:
    told = str(timestamp if timestamp is not None else int(NOW.timestamp()))
    digest = hmac.new(key.encode(), f"{told}{token}".encode(), hashlib.sha256).hexdigest()
    return {"timestamp": told, "token": token, "signature": digest}


@pytest.mark.parametrize(
    "told, expected",
    [
        (event("accepted"), ("accepted", None, None, False)),
        (event("delivered"), ("delivered", None, None, True)),
        (event("rejected", reject={"reason": "Sandbox"}), ("rejected", None, "other", True)),
        (failed("temporary", code=451, message="4.7.1 greylisted"), ("deferred", "soft", "throttled", False)),
        (failed("temporary", code=452, message="mailbox is full"), ("deferred", "soft", "mailbox_full", False)),
        (failed("permanent", "bounce", code=550, message="5.1.1 no such user"), ("bounced", "hard", "address", True)),
        (failed("permanent", "bounce", code=552, message="over quota"), ("bounced", "hard", "mailbox_full", True)),
        (failed("permanent", "suppress-bounce", code=605), ("rejected", "hard", "address", True)),
        (failed("permanent", "suppress-unsubscribe", code=606), ("rejected", None, "unsubscribed", True)),
        (failed("permanent", "suppress-complaint", code=607), ("rejected", None, "unsubscribed", True)),
        (failed("permanent", "old", code=602, message="Too old"), ("expired", "soft", "unreachable", True)),
        (event("opened"), ("opened", None, None, False)),
        (event("clicked"), ("clicked", None, None, False)),
        (event("unsubscribed"), ("unsubscribed", None, None, True)),
        (event("complained"), ("complained", None, None, True)),
        (event("of next year"), ("unknown", None, None, False)),
    ],
)
def test_an_event_says_what_became_of_the_mail(told: dict[str, Any], expected: Seen) -> None:
    assert seen(only(FORMAT, posted(told))) == expected


def test_what_was_given_along_comes_back() -> None:
    signal = only(FORMAT, posted(event("opened", **{"client-info": {"bot": "apple"}})))

    assert (signal.recipient, signal.provider_id, signal.event_id) == ("anna@customers.test", "1@sender.test", "e-1")
    assert (signal.references, signal.by_machine, signal.occurred_at) == ({"dispatch": "d-0"}, True, NOW)


def test_a_form_of_an_older_account_is_read() -> None:
    fields = {"event": "bounced", "recipient": "anna@customers.test", "code": "550", "error": "5.1.1 no such user"}

    assert seen(only(FORMAT, submitted({**fields, **signature()}))) == ("bounced", "hard", "address", True)
    assert FORMAT.recognises(submitted({**fields, **signature()}))


@pytest.mark.parametrize(
    "code, reason, expected",
    [
        ("605", "hardfail", ("rejected", "hard", "address", True)),
        ("606", "hardfail", ("rejected", None, "unsubscribed", True)),
        ("607", "hardfail", ("rejected", None, "unsubscribed", True)),
        ("499", "old", ("expired", "soft", "unreachable", True)),
        ("", "of next year", ("rejected", None, "other", True)),
    ],
)
def test_what_was_dropped_is_known_by_its_number(code: str, reason: str, expected: Seen) -> None:
    fields = {"event": "dropped", "recipient": "anna@customers.test", "code": code, "reason": reason}

    assert seen(only(FORMAT, submitted(fields))) == expected


def test_what_was_rejected_names_its_recipient_in_the_header() -> None:
    told = event("rejected", recipient="", message={"headers": {"to": "Anna <anna@customers.test>"}})

    assert only(FORMAT, posted(told)).recipient == "anna@customers.test"


def test_the_token_of_a_request_of_mailgun_is_to_be_taken_once() -> None:
    assert genuine_token(posted(event("opened")), KEY, now=NOW) == "t" * 50
    assert genuine_token(submitted({"event": "opened", **signature()}), KEY, now=NOW) == "t" * 50


@pytest.mark.parametrize(
    "told",
    [
        {"signature": signature(key="another")},
        {"signature": {**signature(), "token": "x"}},
        {"signature": {**signature(), "signature": ""}},
        {"signature": signature(timestamp=int((NOW - timedelta(minutes=6)).timestamp()))},
        {"signature": signature(timestamp=int((NOW + timedelta(minutes=6)).timestamp()))},
        {"signature": "x"},
        {},
        [],
    ],
)
def test_any_other_has_none(told: object) -> None:
    assert genuine_token(posted(told), KEY, now=NOW) is None
    assert genuine_token(FeedbackRequest(headers={}, body=b"\xff"), KEY, now=NOW) is None
