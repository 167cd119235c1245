"""Keys of callers: each opens one purpose."""

from enum import StrEnum


class Purpose(StrEnum):
    """What a key opens."""

    EVENTS = "events"
    """Handing in events."""
    PORTAL = "portal"
    """Publishing documents on the portal."""
    REPORTS = "reports"
    """Telling what became of communications."""
    DECISIONS = "decisions"
    """Reading why communications go the way they go."""
    DEVICES = "devices"
    """Registering devices of customers."""
