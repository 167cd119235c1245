"""Reads business events that arrive as CloudEvents (CloudEvents 1.0.2): pure functions, for whoever has the bytes.

Who may send, and what is answered, is the business of whoever calls them.
"""

from xconnector.contract.cloudevents.reading import (
    ANY_CLOUDEVENTS,
    BATCH_LIMIT,
    EVENT_LIMIT,
    EVENTS_PER_BATCH,
    STRUCTURED,
    attribute_in_header,
    binary_event,
    parse,
    structured_event,
)
from xconnector.contract.cloudevents.words import CloudEventError

__all__ = [
    "ANY_CLOUDEVENTS",
    "BATCH_LIMIT",
    "EVENTS_PER_BATCH",
    "EVENT_LIMIT",
    "STRUCTURED",
    "CloudEventError",
    "attribute_in_header",
    "binary_event",
    "parse",
    "structured_event",
]
