"""Every policy that is kept: which tables stood behind which check; `decisions` keeps them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "policies.sql")
_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPolicy:
    """A policy as it is kept."""

    sha256: str
    content: str
    """`DeliveryPolicy.content`, of which `sha256` is the digest."""


async def every(connection: Connection) -> AsyncIterator[KeptPolicy]:
    """Yield every policy, in the order of their digests."""
    after = ""
    while page := await fetch_all(connection, KeptPolicy, _QUERIES.page, after=after, most=_PAGE):
        for one in page:
            yield one
        after = page[-1].sha256
