"""Events of Mailjet, in the shapes that its documentation publishes."""

from typing import Any

import pytest

from tests.connectors.recorded import Seen, only, posted, seen
from xconnector.connectors.mailjet.webhook import FORMAT


def event(word: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {
        "event": word,
        "time": 1763884800,
        "MessageID": 19421777835146490,
        "Message_GUID": "g-1",
        "email": "anna@customers.test",
        "mj_campaign_id": 7257,
        "CustomID": "d-0",
        **more,
    }


def bounce(error: str, *, hard: bool, comment: str = "") -> dict[str, Any]:
    return event("bounce", blocked=False, hard_bounce=hard, error_related_to="recipient", error=error, comment=comment)


@pytest.mark.parametrize(
    "told, expected",
    [
        (event("sent", smtp_reply="250 2.0.0 OK"), ("delivered", None, None, True)),
        (event("open"), ("opened", None, None, False)),
        (event("click"), ("clicked", None, None, False)),
        (bounce("user unknown", hard=True), ("bounced", "hard", "address", True)),
        (bounce("mailbox inactive", hard=True), ("bounced", "hard", "address", True)),
        (bounce("quota exceeded", hard=False), ("bounced", "soft", "mailbox_full", True)),
        (bounce("invalid domain", hard=True), ("bounced", "hard", "address", True)),
        (bounce("policy issue", hard=False), ("bounced", "soft", "blocked", True)),
        (bounce("connection issue", hard=False), ("bounced", "soft", "unreachable", True)),
        (bounce("", hard=False, comment="552 mailbox full"), ("bounced", "soft", "mailbox_full", True)),
        (bounce("of next year", hard=False), ("bounced", "soft", "other", True)),
        (event("blocked", error="preblocked"), ("rejected", "hard", "address", True)),
        (event("blocked", error="content blocked"), ("rejected", None, "content", True)),
        (event("spam", source="JMRPP"), ("complained", None, None, True)),
        (event("unsub"), ("unsubscribed", None, None, True)),
        (event("of next year"), ("unknown", None, None, False)),
    ],
)
def test_an_event_says_what_became_of_the_mail(told: dict[str, Any], expected: Seen) -> None:
    for body in (told, [told]):
        signal = only(FORMAT, posted(body))

        assert seen(signal) == expected
        assert (signal.recipient, signal.provider_id) == ("anna@customers.test", "19421777835146490")
        assert signal.references == {"CustomID": "d-0"}
