"""What is known of a customer: the golden record, what may be sent by which medium, and everything that led there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from xconnector.domain.consent import ConsentEvent
from xconnector.domain.customer import Customer
from xconnector.domain.golden import Survivorship
from xconnector.domain.matching.links import Cluster, Link, LinkAction
from xconnector.domain.media_facts import facts_of_media
from xconnector.domain.routing.plan import Medium
from xconnector.domain.suppression import SuppressionEvent
from xconnector.postgres.connect import Connection, Pool, snapshot
from xconnector.store import consents, customer_links, customers, suppressions


class UnknownCustomerError(Exception):
    """Nobody ever spoke of this customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenValue:
    """One field of the golden record, and where it came from."""

    name: str
    value: Any = field(repr=False)
    source: str
    as_of: datetime
    verified: bool
    """Whether the source vouches for it."""
    row: str
    """The row of the project's table that chose it, or `override`; empty where no row speaks of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediumStanding:
    """What the order of checks sees of one medium, for one kind of communication."""

    medium: Medium
    category: str
    promotional: bool
    suppressed: str | None
    consent: str
    basis: str | None
    days: int | None
    shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of a customer."""

    key: str
    since: datetime | None
    """When it came to this customer; None for one that was never linked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerStanding:
    """Everything known of one customer, at a moment."""

    customer: str
    members: Sequence[Member]
    links: Sequence[Link]
    """Why they are one customer, in the order in which it was said."""
    golden: Sequence[GoldenValue]
    media: Sequence[MediumStanding]
    consents: Sequence[ConsentEvent]
    suppressions: Sequence[SuppressionEvent]


async def customer_standing(
    pool: Pool, asked_key: str, *, rules: Survivorship, kinds: Collection[tuple[str, bool]], at: datetime
) -> CustomerStanding:
    """Return what is known of a customer, by its key or that of any of its members.

    `rules` are the project's of survivorship, `kinds` the categories of its communications, each with whether it is
    advertising; `at` is now, in the time zone in which days are counted. Raises UnknownCustomerError.
    """
    async with snapshot(pool) as connection:
        cluster = (await customer_links.clusters_of(connection, [asked_key]))[asked_key]
        customer_key = cluster.customer_key
        golden = (await customers.golden_records(connection, [customer_key], rules, at=at)).get(customer_key)
        said = (await consents.of_customers(connection, [customer_key])).get(customer_key, [])
        entries = (await suppressions.of_customers(connection, [customer_key])).get(customer_key, [])
        if golden is None and not said and not entries:
            raise UnknownCustomerError("nobody ever spoke of this customer; spell the key as the source does")
        customer = golden or Customer(customer_key=customer_key, fields={}, provenance={})
        return CustomerStanding(
            customer=customer_key,
            members=await _members(connection, cluster),
            links=await links_within(connection, cluster),
            golden=_golden(customer),
            media=[
                _standing(category, facts, promotional=promotional)
                for category, promotional in sorted(kinds)
                for facts in facts_of_media(
                    customer, said, entries, category=category, promotional=promotional, at=at, media=Medium
                ).values()
            ],
            consents=said,
            suppressions=entries,
        )


async def links_within(connection: Connection, cluster: Cluster) -> list[Link]:
    """Return why the members of a customer are one, in the order in which it was said."""
    words = await customer_links.words_on(connection, cluster.member_keys)
    return [word for word in words if word.action is LinkAction.LINKED]


async def _members(connection: Connection, cluster: Cluster) -> list[Member]:
    since = await customer_links.since(connection, cluster.member_keys)
    return [Member(key=key, since=since.get(key)) for key in cluster.member_keys]


def _golden(customer: Customer) -> Sequence[GoldenValue]:
    return [
        GoldenValue(
            name=name,
            value=value,
            source=origin.source,
            as_of=origin.as_of,
            verified=origin.verified,
            row=origin.row,
        )
        for name, value in customer.fields.items()
        if (origin := customer.provenance[name])
    ]


def _standing(category: str, facts: dict[str, Any], *, promotional: bool) -> MediumStanding:
    return MediumStanding(
        medium=Medium(facts["medium"]),
        category=category,
        promotional=promotional,
        suppressed=facts["suppressed"],
        consent=facts["consent"],
        basis=facts["consent.basis"],
        days=facts["consent.days"],
        shown=facts["consent.shown"],
    )
