"""Events of Twilio SendGrid, in the shapes that its documentation publishes."""

from typing import Any

import pytest

from tests.connectors.recorded import Seen, only, posted, seen
from xconnector.connectors.sendgrid.webhook import FORMAT


def event(word: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "email": "anna@customers.test",
        "timestamp": 1763884800,
        "smtp-id": "<1@sender.test>",
        "event": word,
        "category": ["cat"],
        "sg_event_id": "e-1",
        "sg_message_id": "m-1.filter",
        "dispatch": "d-0",
        **more,
    }


@pytest.mark.parametrize(
    "told, expected",
    [
        (event("processed"), ("accepted", None, None, False)),
        (event("delivered", response="250 OK"), ("delivered", None, None, True)),
        (
            event("deferred", response="451 4.7.1 greylisted, try later", attempt="5"),
            ("deferred", "soft", "throttled", False),
        ),
        (
            event("bounce", type="bounce", status="5.0.0", reason="500 unknown recipient"),
            ("bounced", "hard", "address", True),
        ),
        (event("bounce", status="5.1.1", reason="550 5.1.1 no such user"), ("bounced", "hard", "address", True)),
        (
            event("bounce", type="bounce", status="5.2.2", reason="552 mailbox full"),
            ("bounced", "hard", "mailbox_full", True),
        ),
        (
            event("bounce", type="blocked", status="5.7.1", reason="554 blocked by spamhaus"),
            ("bounced", "soft", "blocked", True),
        ),
        (
            event("bounce", type="blocked", reason="?", bounce_classification="Content"),
            ("bounced", "soft", "content", True),
        ),
        (event("dropped", reason="Bounced Address"), ("rejected", "hard", "address", True)),
        (event("dropped", reason="Unsubscribed Address"), ("rejected", None, "unsubscribed", True)),
        (event("dropped", reason="Spam Reporting Address"), ("rejected", None, "unsubscribed", True)),
        (event("dropped", reason="Invalid"), ("rejected", "hard", "address", True)),
        (event("dropped", reason="of next year"), ("rejected", None, "other", True)),
        (event("open"), ("opened", None, None, False)),
        (event("click", url="https://x.test"), ("clicked", None, None, False)),
        (event("spamreport"), ("complained", None, None, True)),
        (event("unsubscribe"), ("unsubscribed", None, None, True)),
        (event("group_unsubscribe", asm_group_id=10), ("unsubscribed", None, None, True)),
        (event("group_resubscribe", asm_group_id=10), ("resubscribed", None, None, False)),
        (event("of next year"), ("unknown", None, None, False)),
    ],
)
def test_an_event_says_what_became_of_the_mail(told: dict[str, Any], expected: Seen) -> None:
    assert seen(only(FORMAT, posted([told]))) == expected


def test_all_events_of_a_request_are_read_with_what_was_given_along() -> None:
    first, second = FORMAT.read(posted([event("processed"), event("open", sg_machine_open=True)]))

    assert (first.recipient, first.event_id, first.provider_id) == ("anna@customers.test", "e-1", "m-1")
    assert first.references == {"dispatch": "d-0"}
    assert (first.by_machine, second.by_machine) == (False, True)
    assert first.occurred_at is not None
    assert first.occurred_at.year == 2025
