"""Reads business events that arrive as CloudEvents over HTTP: pure functions, called by the web entrypoint.

It has no role in a manifest: who may send, and what is answered, is the entrypoint's business.
"""

from xconnector.connectors.cloudevents.reading import BATCH_LIMIT, EVENT_LIMIT, EVENTS_PER_BATCH, parse
from xconnector.connectors.cloudevents.words import CloudEventError

__all__ = ["BATCH_LIMIT", "EVENTS_PER_BATCH", "EVENT_LIMIT", "CloudEventError", "parse"]
