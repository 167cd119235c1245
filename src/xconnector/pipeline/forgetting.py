"""forgetting: what was kept to judge asks is forgotten as soon as no rule can ask for it again.

What was heard is kept: `after` looks back however far, and an event may be told long after it happened. Of providers'
requests the bytes are forgotten after a while; their digests, and what they said, stay.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, Pool, transaction
from xconnector.store import asks, counters, report_requests

FORGET_EVERY = timedelta(minutes=1)
FORGET_BODIES_EVERY = timedelta(hours=1)
_MOST_AT_ONCE = 5000
_MOST_BODIES_AT_ONCE = 500


async def forget_what_is_over(place: Workplace) -> None:
    """Forget keys that nobody holds, and who listens that is over for good."""
    await _all(place.pool, partial(asks.forget_keys, most=_MOST_AT_ONCE), _MOST_AT_ONCE)
    await _all(place.pool, partial(counters.forget_listeners, most=_MOST_AT_ONCE), _MOST_AT_ONCE)


async def forget_bodies(place: Workplace) -> None:
    """Forget the bytes of providers' requests that are older than the project keeps them."""
    before = place.now() - place.project.keep_requests
    forget = partial(report_requests.forget_bodies, before=before, most=_MOST_BODIES_AT_ONCE)
    await _all(place.pool, forget, _MOST_BODIES_AT_ONCE)


async def _all(pool: Pool, forget: Callable[[Connection], Awaitable[int]], most: int) -> None:
    """Forget until fewer came than were asked for, some in each transaction: nobody waits long for their locks."""
    forgotten = most
    while forgotten == most:
        async with transaction(pool) as connection:
            forgotten = await forget(connection)
