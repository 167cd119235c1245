"""Events of Lob: one JSON object in a request."""

from collections.abc import Sequence
from dataclasses import replace

from xconnector.connectors.lob.words import EVENTS, PIECES
from xconnector.contract.errors import PermanentError
from xconnector.contract.feedback import UNKNOWN, FeedbackFormat, FeedbackRequest, Word, events_in, text_at, texts_at
from xconnector.domain.feedback.moment import moment_of
from xconnector.domain.feedback.signal import Signal
from xconnector.domain.strict_json import Json


def read(request: FeedbackRequest) -> Sequence[Signal]:
    """Return the event of one request. Raises PermanentError."""
    return [_signal(one) for one in events_in(request.json())]


def recognises(request: FeedbackRequest) -> bool:
    if "lob-signature" in request.headers:
        return True
    try:
        told = events_in(request.json())
    except PermanentError:
        return False
    return any(
        _name(one).partition(".")[0] in PIECES
        or (text_at(one, "id").startswith("evt_") and isinstance(one.get("event_type"), dict))
        for one in told[:1]
    )


def _signal(event: dict[str, Json]) -> Signal:
    signal = signal_of(
        _name(event),
        at=text_at(event, "date_created"),
        event_id=text_at(event, "id"),
        letter=text_at(event, "reference_id") or text_at(event, "body", "id"),
    )
    return replace(signal, references=texts_at(event, "body", "metadata"))


def signal_of(name: str, *, at: str, event_id: str, letter: str) -> Signal:
    """Return what an event means, such as `letter.mailed`, whether it is reported or asked for."""
    return _word(name).signal(
        detail=name[:100] if name.replace(".", "").replace("_", "").replace("-", "").isalnum() else "",
        occurred_at=moment_of(at),
        event_id=event_id or None,
        provider_id=letter or None,
    )


def _name(event: dict[str, Json]) -> str:
    return text_at(event, "event_type", "id") or text_at(event, "event_type")


def _word(name: str) -> Word:
    piece, _, what = name.partition(".")
    if piece not in PIECES:
        return UNKNOWN
    return EVENTS.get(what.removeprefix("certified."), UNKNOWN)


FORMAT = FeedbackFormat(name="lob", recognises=recognises, read=read)
