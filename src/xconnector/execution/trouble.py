"""Trouble with what is done again and again: told when it begins, changes and ends, and counted in between."""

import logging

logger = logging.getLogger(__name__)


class Trouble:
    """What keeps one thing from being done, as the log tells it: a line per change and none per attempt."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._told: str | None = None
        self._times = 0

    def is_there(self, described: str) -> None:
        """Tell a failure unless it is the last one again."""
        if described != self._told:
            logger.warning("'%s' failed: %s", self._name, described)
            self._told, self._times = described, 0
        self._times += 1

    def is_over(self) -> None:
        """Tell that it is done again, where it failed more than once in a row."""
        if self._times > 1:
            logger.warning("'%s' goes well again, after it failed %d times in a row", self._name, self._times)
        self._told, self._times = None, 0
