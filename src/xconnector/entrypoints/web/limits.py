"""How much of everything one request may take."""

from dataclasses import dataclass
from datetime import timedelta

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class WebLimits:
    """Sizes in bytes."""

    event: int = 1 * MIB
    """A request with one event."""
    event_batch: int = 8 * MIB
    """A request with a batch of events."""
    report: int = 8 * MIB
    """A request with reports of what became of communications."""
    document: int = 50 * MIB
    """A document to be published."""
    bodies_at_once: int = 128 * MIB
    """All request bodies that are held at one time, until their requests are answered."""
    webhooks_at_once: int = 64 * MIB
    """The same for webhooks, which have room of their own: their senders are not proven before they are read."""
    intake_at_once: int = 400
    """Requests with events that are under way at one time; more are asked to come again after a second."""
    unproven_at_once: int = 50
    """Webhooks that are read and proven at one time, beside those; more wait for room."""
    waiting_jobs: int = 5_000
    """Jobs of single events that are due and not begun; above, no events are taken until half of them are gone."""
    requests_per_second: float | None = None
    """Requests with events of one key, or of one connection of webhooks; None sets no bound."""
    patience_for_room: timedelta = timedelta(seconds=5)
    """How long a request waits for others to make room, before it is told to come again."""
    body_time: timedelta = timedelta(seconds=60)
    """How long a body may take to arrive."""
    request_time: timedelta = timedelta(minutes=5)
    """How long a request may take from its head to the last byte of its answer."""
    linger: timedelta = timedelta(seconds=5)
    """How long the rest of a refused body is let run dry: a caller who is still sending could not read the answer."""
    linger_idle: timedelta = timedelta(milliseconds=500)
    """Without a byte for so long, a caller of whom nothing is read any more is cut off."""
    headers: int = 100
    """Header fields of a request, by number."""
    address: int = 4 * KIB
    """Path and query of a request."""
    database_patience: timedelta = timedelta(seconds=10)
    """How long a request waits for the database."""
