"""Requests whose senders proved nothing: counted, and told in the log now and then."""

import logging
import time
from collections import Counter

logger = logging.getLogger("xconnector.web")

_TOLD_EVERY_SECONDS = 60.0


class Unproven:
    """Counts requests whose senders proved nothing: all that is kept of them, told in the log once a minute at most."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        """By connection, since this program began."""
        self._told: dict[str, tuple[float, int]] = {}

    def count(self, connection: str, reason: str) -> None:
        self.counts[connection] += 1
        now = time.monotonic()
        since, told = self._told.get(connection, (-_TOLD_EVERY_SECONDS, 0))
        if now - since < _TOLD_EVERY_SECONDS:
            return
        number = self.counts[connection] - told
        self._told[connection] = (now, self.counts[connection])
        logger.warning("%d requests to %s refused as unproven; the last: %s", number, connection, reason)
