"""Why a field of a customer's golden record is what it is."""

from dataclasses import dataclass
from datetime import datetime

from xconnector.domain.golden import Survivorship
from xconnector.domain.golden_explained import ExplainedValue, explain
from xconnector.operations.customer_standing import UnknownCustomerError
from xconnector.operations.survivorship_then import survivorship_then
from xconnector.postgres.connect import Pool, snapshot
from xconnector.store import customers, overrides


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Of which time a golden value is explained."""

    at: datetime
    """For which the rules are asked; days are told in its time zone."""
    valid_at: datetime | None = None
    """Only what held by then; all by default."""
    known_at: datetime | None = None
    """Only what we knew by then; all by default."""


async def customer_why(
    pool: Pool, customer_key: str, name: str, rules: Survivorship, moments: Moments
) -> ExplainedValue:
    """Return why a field of a customer, or `address` as a whole, has its golden value, or none.

    What was known at a moment is explained by the table that decided then, anything else by `rules`.
    Raises UnknownCustomerError where no source spoke of the customer by then.
    """
    async with snapshot(pool) as connection:
        valid_at, known_at = moments.valid_at, moments.known_at
        said = await customers.statements(connection, [customer_key], valid_at=valid_at, known_at=known_at)
        if customer_key not in said:
            raise UnknownCustomerError("no source spoke of this customer by then; spell the key as the source does")
        overridden = await overrides.of_customers(connection, [customer_key], known_at=known_at)
        rules = await survivorship_then(connection, rules, known_at)
        return explain(rules, name, said[customer_key], overridden.get(customer_key, ()), at=moments.at)
