"""How tracking events are read.

Their shape is that of the online help; which field carries what in an installation is for its designers to say.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.delivery import DeliveryEventType, DeliveryReason
from xconnector.domain.record_path import parse_path


def _checked_path(path: str) -> str:
    parse_path(path)
    return path


EventPath = Annotated[str, AfterValidator(_checked_path)]
"""Where something stands in an event, such as `exstreamJob.customerNumber`."""
Schema = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+$", max_length=100)]
"""A word of `expctr.schemaType`."""


class TrackingWord(ConnectorSettings):
    """What a kind of event says of a hand-over."""

    type: DeliveryEventType
    """In our words, such as `delivered`."""
    final: bool = False
    """Whether Exstream tries no more: what came back then takes the next channel."""
    reason: DeliveryReason | None = None
    """Why it did not arrive."""


class TrackingSettings(ConnectorSettings):
    """Tracking events that Exstream, or what collects them, sends to `/reports/{connection}`."""

    communication: EventPath = "exstreamJob.customerNumber"
    """Where our id of the communication stands. A guess: it is whatever the design passes through as the customer's
    number; name the path that your events have."""
    schema_type: EventPath = "expctr.schemaType"
    """Where the kind of the event stands, as the online help shows it."""
    occurred_at: EventPath = "expctr.timestamp"
    """Where it stands when it happened: ISO 8601, or milliseconds since 1970. A guess; an event without it counts as
    of when it arrives."""
    words: Mapping[Schema, TrackingWord] = {}
    """What further kinds mean, or what known ones mean here, such as
    `{Exstream-Email-HARD: {type: bounced, final: true}}`."""
    most_events: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """The most events that one request may hold."""
