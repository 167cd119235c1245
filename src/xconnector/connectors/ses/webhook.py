"""Events of Amazon SES, as Amazon SNS posts them: in its envelope, or raw."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from xconnector.connectors.ses.words import BOUNCES, DELAYS, EVENTS, NO_COMPLAINTS
from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import (
    UNKNOWN,
    FeedbackFormat,
    FeedbackRequest,
    Word,
    events_in,
    object_at,
    text_at,
)
from xconnector.domain.delivery import DeliveryEventType
from xconnector.domain.feedback.addresses import addresses_in
from xconnector.domain.feedback.moment import moment_of
from xconnector.domain.feedback.signal import Signal
from xconnector.domain.strict_json import Json

_OF_THE_SUBSCRIPTION = frozenset({"SubscriptionConfirmation", "UnsubscribeConfirmation"})
_MOST_RECIPIENTS = 1000


def read(request: FeedbackRequest) -> Sequence[Signal]:
    """Return the events of one request; news of the subscription itself holds none.

    Raises PermanentError.
    """
    found: list[Signal] = []
    for one in events_in(request.json()):
        if text_at(one, "Type") in _OF_THE_SUBSCRIPTION:
            continue
        found.extend(_signals(_message(one), text_at(one, "MessageId") or None))
    return found


def recognises(request: FeedbackRequest) -> bool:
    if "x-amz-sns-message-type" in request.headers:
        return True
    try:
        told = events_in(request.json())
    except PermanentError:
        return False
    return any(
        "TopicArn" in one or ("mail" in one and one.keys() & {"eventType", "notificationType"}) for one in told[:1]
    )


def _message(one: dict[str, Json]) -> dict[str, Json]:
    """Return the event in the envelope; some deliver the inner JSON as an object."""
    inner = one.get("Message")
    if isinstance(inner, dict):
        return inner
    if not isinstance(inner, str):
        return one
    try:
        read_inner = FeedbackRequest(headers={}, body=inner.encode("utf-8", "surrogatepass")).json()
    except PermanentError:
        # SNS itself greets a new subscription in plain words.
        return {}
    return read_inner if isinstance(read_inner, dict) else {}


def _signals(event: dict[str, Json], event_id: str | None) -> Iterator[Signal]:
    told = text_at(event, "eventType") or text_at(event, "notificationType")
    place, word = EVENTS.get(told, ("", UNKNOWN))
    about = object_at(event, place)
    when = moment_of(text_at(about, "timestamp") or text_at(event, "mail", "timestamp"))
    for recipient in _recipients(event, about):
        yield replace(
            _of_recipient(_exact_word(told, word, about), recipient),
            detail=_detail(told, about),
            occurred_at=when,
            event_id=event_id,
            provider_id=text_at(event, "mail", "messageId") or None,
            references=_tags(event),
        )


def _of_recipient(word: Word, recipient: dict[str, Json]) -> Signal:
    address = next(iter(addresses_in(text_at(recipient, "emailAddress"))), None)
    status, words = text_at(recipient, "status"), text_at(recipient, "diagnosticCode")
    if word.type not in {DeliveryEventType.BOUNCED, DeliveryEventType.DEFERRED}:
        return word.signal(recipient=address, status_code=status or None)
    return word.explained(words, status=status, recipient=address)


def _recipients(event: dict[str, Json], about: dict[str, Json]) -> list[dict[str, Json]]:
    """Return whom an event is about: those of its own, or else all whom the mail went to."""
    for name in ("bouncedRecipients", "complainedRecipients", "delayedRecipients"):
        if isinstance(listed := about.get(name), list) and listed:
            return [one for one in listed if isinstance(one, dict)][:_MOST_RECIPIENTS]
    told = about.get("recipients") or object_at(event, "mail").get("destination")
    if event.get("notificationType") == "Received":
        told = [text_at(event, "mail", "source")]
    listed = told[:_MOST_RECIPIENTS] if isinstance(told, list) else []
    named: list[dict[str, Json]] = [{"emailAddress": one} for one in listed if isinstance(one, str)]
    return named or [{}]


def _exact_word(told: str, word: Word, about: dict[str, Json]) -> Word:
    match told:
        case "Bounce":
            kind, exactly = text_at(about, "bounceType"), text_at(about, "bounceSubType")
            return BOUNCES.get((kind, exactly)) or BOUNCES.get((kind, "")) or word
        case "DeliveryDelay":
            return Word(word.type, reason=DELAYS.get(text_at(about, "delayType")), bounce_class=word.bounce_class)
        case "Complaint" if text_at(about, "complaintFeedbackType") in NO_COMPLAINTS:
            return UNKNOWN
        case "Complaint" if text_at(about, "complaintSubType"):
            # On SES's own suppression list for a complaint of before.
            return BOUNCES["Permanent", "UnsubscribedRecipient"]
        case "Subscription" if not _wants_less(about):
            return Word(DeliveryEventType.RESUBSCRIBED)
        case _:
            return word


def _wants_less(about: dict[str, Json]) -> bool:
    preferences = object_at(about, "newTopicPreferences")
    topics = preferences.get("topicSubscriptionStatus")
    listed = topics if isinstance(topics, list) else []
    return preferences.get("unsubscribeAll") is True or any(
        text_at(one, "subscriptionStatus") == "OptOut" for one in listed
    )


def _detail(told: str, about: dict[str, Json]) -> str:
    words = [
        told,
        *(text_at(about, name) for name in ("bounceType", "bounceSubType", "delayType", "complaintFeedbackType")),
    ]
    return " ".join(word for word in words if word and word.replace("-", "").replace(" ", "").isalnum())[:100]


def _tags(event: dict[str, Json]) -> Mapping[str, str]:
    tags = object_at(event, "mail", "tags")
    return {
        name: values[0]
        for name, values in tags.items()
        if isinstance(values, list) and values and isinstance(values[0], str)
    }


FORMAT = FeedbackFormat(name="ses", recognises=recognises, read=read)
