"""Listening: what a worker does with a listener as long as it lives."""

import logging
from datetime import timedelta

from xconnector.execution.failing import describe
from xconnector.execution.shift import ListenFunction, Shift, ShiftState

logger = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(seconds=30)
"""Before a listener that failed again and again is begun anew."""


async def keep_listening(shift: Shift, name: str, listen: ListenFunction, *, first_wait: timedelta) -> None:
    """Listen until the shift is over, anew whenever it fails, each time in a row after a longer wait."""
    wait = first_wait
    while not shift.is_over:
        try:
            await listen(shift)
        except Exception as error:  # noqa: BLE001 - what failed is done again, and people see it
            if shift.has_listened:
                wait = first_wait
            logger.warning("listener '%s' failed: %s", name, describe(error))
            await shift.tell(ShiftState.FAILING, describe(error))
            await shift.pause(wait)
            wait = min(2 * wait, LONGEST_WAIT)
    await shift.end()
