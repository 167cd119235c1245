"""Events of SparkPost, in the shapes that its documentation publishes."""

from typing import Any

import pytest

from tests.connectors.recorded import Seen, only, posted, seen
from xconnector.connectors.sparkpost.webhook import FORMAT


def event(kind: str, family: str = "message_event", **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON
    told = {
        "type": kind,
        "rcpt_to": "anna@customers.test",
        "event_id": "e-1",
        "message_id": "m-1",
        "transmission_id": "t-1",
        "timestamp": "1763884800",
        "rcpt_meta": {"dispatch": "d-0"},
        **more,
    }
    return [{"msys": {family: told}}]


def bounce(number: str, reason: str = "", kind: str = "bounce") -> list[dict[str, Any]]:
    return event(kind, bounce_class=number, reason=reason, raw_reason=reason, error_code="550")


@pytest.mark.parametrize(
    "told, expected",
    [
        (event("injection"), ("accepted", None, None, False)),
        (event("delivery"), ("delivered", None, None, True)),
        (event("delay", bounce_class="20", reason="450 mailbox full"), ("deferred", "soft", "mailbox_full", False)),
        (bounce("10", "550 5.1.1 no such user"), ("bounced", "hard", "address", True)),
        (bounce("30"), ("bounced", "hard", "address", True)),
        (bounce("22", "552 mailbox full"), ("bounced", "soft", "mailbox_full", True)),
        (bounce("20", "550 no such user"), ("bounced", "soft", "address", True)),
        (bounce("21"), ("bounced", "soft", "unreachable", True)),
        (bounce("23"), ("bounced", "soft", "content", True)),
        (bounce("51"), ("bounced", "soft", "blocked", True)),
        (bounce("52"), ("bounced", "soft", "content", True)),
        (bounce("54"), ("bounced", "soft", "blocked", True)),
        (bounce("25"), ("rejected", None, "other", True)),
        (bounce("60"), ("autoreplied", None, None, False)),
        (bounce("90"), ("unsubscribed", None, None, True)),
        (bounce("100"), ("autoreplied", None, None, False)),
        (bounce("10", kind="out_of_band"), ("bounced", "hard", "address", True)),
        (event("policy_rejection", reason="550 5.7.1 policy"), ("rejected", None, "blocked", True)),
        (event("generation_failure", "gen_event"), ("failed", None, "other", True)),
        (event("spam_complaint"), ("complained", None, None, True)),
        (event("list_unsubscribe", "unsubscribe_event"), ("unsubscribed", None, None, True)),
        (event("link_unsubscribe", "unsubscribe_event"), ("unsubscribed", None, None, True)),
        (event("open", "track_event"), ("opened", None, None, False)),
        (event("click", "track_event"), ("clicked", None, None, False)),
        (event("of_next_year", "next_event"), ("unknown", None, None, False)),
    ],
)
def test_an_event_says_what_became_of_the_mail(told: list[dict[str, Any]], expected: Seen) -> None:
    signal = only(FORMAT, posted(told))

    assert seen(signal) == expected
    assert (signal.recipient, signal.event_id, signal.provider_id) == ("anna@customers.test", "e-1", "t-1")
    assert signal.references == {"dispatch": "d-0"}


def test_a_request_that_only_tries_the_line_holds_no_event() -> None:
    assert FORMAT.read(posted([{"msys": {}}])) == []
