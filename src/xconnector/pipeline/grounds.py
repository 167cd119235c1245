"""What decisions stand on: the tables in force, and what is known of the customers at this moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from xconnector.domain.customer import Customer
from xconnector.domain.golden import Survivorship
from xconnector.domain.routing.plan import Medium
from xconnector.domain.routing.policy import DeliveryPolicy
from xconnector.pipeline.tables_in_force import TablesInForce, tables_in_force
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection
from xconnector.project.model import CommunicationKind, Project
from xconnector.project.presentation import day_of
from xconnector.project.routing import CustomerFacts, policy_of
from xconnector.store import consents, customers, decisions, devices, suppressions


class Policies:
    """By kind of communication, the tables in force that decide about it; each is put together once."""

    def __init__(self, project: Project, tables: TablesInForce) -> None:
        self.tables = tables
        self._project = project
        self._known: dict[str, DeliveryPolicy] = {}

    @property
    def survivorship(self) -> Survivorship:
        """Which of the values that sources give of a customer count."""
        return self._project.survivorship

    @property
    def showing_on_devices(self) -> Sequence[str]:
        """The connections that show messages on customers' devices."""
        return [name for name, one in self._project.connections.items() if one.medium is Medium.PUSH]

    def of(self, kind: CommunicationKind) -> DeliveryPolicy:
        """Return the tables that decide about a kind of communication.

        Raises DecisionError where one of them is not in force.
        """
        if kind.name not in self._known:
            self._known[kind.name] = policy_of(self._project, kind, self.tables.table)
        return self._known[kind.name]

    async def remember(self, connection: Connection) -> None:
        """Keep those that were asked for, so that what they decided can be explained."""
        await decisions.remember_policies(connection, self._known.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """Gathered once for a batch, in its transaction."""

    at: datetime
    policies: Policies
    known: Mapping[str, CustomerFacts] = field(repr=False)
    """By customer of the batch; of some nothing is known but the key."""


async def policies_in_force(place: Workplace, connection: Connection, *, at: datetime) -> Policies:
    """Return the tables that decide at a time."""
    on = day_of(at, place.project.locale.timezone)
    return Policies(place.project, await tables_in_force(connection, place.project, on))


async def grounds_of(
    connection: Connection, policies: Policies, customer_keys: Sequence[str], *, at: datetime
) -> Grounds:
    """Gather what decisions about these customers stand on at a time."""
    keys = sorted(set(customer_keys))
    if not keys:
        return Grounds(at=at, policies=policies, known={})
    golden = await customers.golden_records(connection, keys, policies.survivorship, at=at)
    said = await consents.of_customers(connection, keys)
    listed = await suppressions.of_customers(connection, keys)
    shown = await devices.who_has_any(connection, keys, over=policies.showing_on_devices)
    known = {
        key: CustomerFacts(
            customer=golden.get(key) or Customer(customer_key=key, fields={}, provenance={}),
            consents=said.get(key, ()),
            suppressions=listed.get(key, ()),
            has_device=key in shown,
        )
        for key in keys
    }
    return Grounds(at=at, policies=policies, known=known)
