"""same customer: a record names a member; what is made of it is made for the customer to whom the member belongs."""

from collections.abc import Sequence
from dataclasses import replace

from xconnector.pipeline.trigger import Asked
from xconnector.postgres.connect import Connection
from xconnector.store import customer_links


async def as_customers(connection: Connection, asked: Sequence[Asked]) -> list[Asked]:
    """Return what is asked for with the keys of the customers in place of those of their members."""
    customer_of = await customer_links.customers_of(connection, [one.source.mapped.customer_key for one in asked])
    return [_for_customer(one, customer_of[one.source.mapped.customer_key]) for one in asked]


def _for_customer(asked: Asked, customer_key: str) -> Asked:
    mapped = asked.source.mapped
    if customer_key == mapped.customer_key:
        return asked
    return replace(asked, source=replace(asked.source, mapped=replace(mapped, customer_key=customer_key)))
