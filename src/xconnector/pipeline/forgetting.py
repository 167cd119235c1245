"""forgetting: what was kept to judge asks is forgotten as soon as no rule can ask for it again.

What was heard is kept: `after` looks back however far, and an event may be told long after it happened.
"""

from datetime import timedelta

from xconnector.postgres.connect import Connection
from xconnector.store import asks, counters

FORGET_EVERY = timedelta(minutes=1)
_MOST_AT_ONCE = 5000


async def forget_what_is_over(connection: Connection) -> None:
    """Forget keys that nobody holds, and who listens that is over for good, in the caller's transaction."""
    await asks.forget_keys(connection, most=_MOST_AT_ONCE)
    await counters.forget_listeners(connection, most=_MOST_AT_ONCE)
