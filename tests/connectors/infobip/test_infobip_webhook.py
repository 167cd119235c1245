"""Reports and inbound messages of Infobip, in the shapes that its documentation publishes."""

from typing import Any

import pytest

from tests.connectors.recorded import Seen, only, posted, seen
from xconnector.connectors.infobip.webhook import FORMAT

ANNA = "4915112345678"


def report(group: str, name: str, error: str = "NO_ERROR", *, permanent: bool = False) -> dict[str, Any]:
    told = {
        "bulkId": "b-1",
        "messageId": "m-1",
        "to": ANNA,
        "doneAt": "2026-11-23T08:00:00.000+0000",
        "status": {"groupName": group, "name": name, "id": 5, "description": "x"},
        "error": {"groupName": "OK", "name": error, "id": 0, "permanent": permanent},
        "callbackData": "d-0",
    }
    return {"results": [told]}


@pytest.mark.parametrize(
    "told, expected",
    [
        (report("PENDING", "PENDING_ENROUTE"), ("sent", None, None, False)),
        (report("ACCEPTED", "ACCEPTED"), ("accepted", None, None, False)),
        (report("DELIVERED", "DELIVERED_TO_HANDSET"), ("delivered", None, None, True)),
        (report("EXPIRED", "EXPIRED_EXPIRED"), ("expired", "soft", "unreachable", True)),
        (
            report("UNDELIVERABLE", "UNDELIVERABLE_NOT_DELIVERED", "EC_ABSENT_SUBSCRIBER"),
            ("bounced", "soft", "unreachable", True),
        ),
        (
            report("UNDELIVERABLE", "UNDELIVERABLE_REJECTED_OPERATOR", "EC_UNKNOWN_SUBSCRIBER", permanent=True),
            ("bounced", "hard", "address", True),
        ),
        (report("UNDELIVERABLE", "UNDELIVERABLE_NOT_DELIVERED"), ("bounced", "soft", "other", True)),
        (report("REJECTED", "REJECTED_DND"), ("rejected", None, "unsubscribed", True)),
        (report("REJECTED", "REJECTED_FLOODING_FILTER"), ("rejected", None, "throttled", True)),
        (report("REJECTED", "REJECTED_PREFIX_MISSING"), ("rejected", "hard", "address", True)),
        (report("REJECTED", "REJECTED_NOT_ENOUGH_CREDITS"), ("rejected", None, "blocked", True)),
        (report("OF_NEXT_YEAR", "X"), ("unknown", None, None, False)),
    ],
)
def test_a_report_says_what_became_of_the_message(told: dict[str, Any], expected: Seen) -> None:
    signal = only(FORMAT, posted(told))

    assert seen(signal) == expected
    assert (signal.recipient, signal.provider_id, signal.references) == (ANNA, "m-1", {"callbackData": "d-0"})
    assert signal.occurred_at is not None


def test_a_group_without_its_name_is_known_by_its_number() -> None:
    told = {"results": [{"messageId": "m-1", "to": ANNA, "status": {"groupId": 3}}]}

    assert seen(only(FORMAT, posted(told))) == ("delivered", None, None, True)


@pytest.mark.parametrize(
    "text, kind", [("STOP", "unsubscribed"), ("start", "resubscribed"), ("Thank you", "responded")]
)
def test_a_text_is_an_answer_or_a_wish(text: str, kind: str) -> None:
    told = {"results": [{"messageId": "m-2", "from": ANNA, "to": "Bank", "text": text, "cleanText": text}]}
    signal = only(FORMAT, posted(told))

    assert (signal.type, signal.recipient) == (kind, ANNA)


def test_news_that_a_message_was_seen_is_an_opening() -> None:
    told = {"results": [{"messageId": "m-1", "to": ANNA, "seenAt": "2026-11-23T08:00:00.000+0000"}]}

    assert only(FORMAT, posted(told)).type == "opened"
