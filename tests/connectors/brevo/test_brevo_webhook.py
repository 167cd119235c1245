"""Events of Brevo, in the shapes that its documentation publishes."""

from typing import Any

import pytest

from tests.connectors.recorded import Seen, only, posted, seen
from xconnector.connectors.brevo.webhook import FORMAT


def event(word: str, reason: str = "") -> dict[str, Any]:
    return {
        "event": word,
        "email": "anna@customers.test",
        "id": 1,
        "date": "2026-11-23 08:00:00",
        "ts": 1763884800,
        "ts_epoch": 1763884800000,
        "message-id": "<1@sender.test>",
        "X-Mailin-custom": "d-0",
        "reason": reason,
    }


@pytest.mark.parametrize(
    "told, expected",
    [
        (event("request"), ("accepted", None, None, False)),
        (event("delivered"), ("delivered", None, None, True)),
        (event("deferred", "451 greylisted"), ("deferred", "soft", "throttled", False)),
        (event("soft_bounce", "552 mailbox full"), ("bounced", "soft", "mailbox_full", True)),
        (event("soft_bounce"), ("bounced", "soft", "other", True)),
        (event("hard_bounce", "550 5.1.1 user unknown"), ("bounced", "hard", "address", True)),
        (event("hard_bounce"), ("bounced", "hard", "address", True)),
        (event("invalid_email"), ("bounced", "hard", "address", True)),
        (event("blocked"), ("rejected", None, "other", True)),
        (event("error"), ("failed", None, "other", True)),
        (event("spam"), ("complained", None, None, True)),
        (event("opened"), ("opened", None, None, False)),
        (event("unique_opened"), ("opened", None, None, False)),
        (event("click"), ("clicked", None, None, False)),
        (event("unsubscribed"), ("unsubscribed", None, None, True)),
        (event("Hard Bounce"), ("bounced", "hard", "address", True)),
        (event("of next year"), ("unknown", None, None, False)),
    ],
)
def test_an_event_says_what_became_of_the_mail(told: dict[str, Any], expected: Seen) -> None:
    signal = only(FORMAT, posted(told))

    assert seen(signal) == expected
    assert (signal.recipient, signal.provider_id) == ("anna@customers.test", "1@sender.test")
    assert signal.references == {"X-Mailin-custom": "d-0"}


def test_an_image_proxy_is_nobody() -> None:
    assert only(FORMAT, posted(event("proxy_open"))).by_machine
    assert not only(FORMAT, posted(event("opened"))).by_machine
