"""Policies and tables of then: what stood behind recorded decisions, each read once."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.routing.past_policy import read_policy, tables_named_by
from xconnector.domain.routing.policy import DeliveryPolicy
from xconnector.postgres.connect import Connection
from xconnector.project.tables.stored import KeptTableError, read_kept
from xconnector.store import decisions, tables
from xconnector.store.tables import TableContent


class PastPolicies:
    """What is known of policies by their digests. One that cannot be put together again is None."""

    def __init__(self) -> None:
        self._policies: dict[str, DeliveryPolicy | None] = {}
        self._tables: dict[str, DecisionTable] = {}

    def __getitem__(self, sha256: str) -> DeliveryPolicy | None:
        return self._policies.get(sha256)

    async def learn(self, connection: Connection, digests: Iterable[str]) -> None:
        """Read from the store those of these policies that are not known yet, with their tables."""
        unknown = [one for one in {*digests} if one not in self._policies]
        if not unknown:
            return
        contents = await decisions.policies(connection, unknown)
        for kept in await tables.find_all(connection, [*self._unknown_tables(contents)]):
            self.add_table(kept)
        for sha256 in unknown:
            self.add_policy(sha256, contents.get(sha256, ""))

    def add_table(self, kept: TableContent) -> bool:
        """Add a table that policies may name; says whether it is the one of its digest."""
        try:
            self._tables[kept.sha256] = read_kept(kept)
        except KeptTableError:
            return False
        return True

    def add_policy(self, sha256: str, content: str) -> bool:
        """Add a policy whose tables are there; says whether it could be put together as its digest has it."""
        try:
            policy = read_policy(content, self._tables)
        except (KeyError, ValueError):
            policy = None
        self._policies[sha256] = policy if policy is not None and policy.sha256 == sha256 else None
        return self._policies[sha256] is not None

    def _unknown_tables(self, contents: Mapping[str, str]) -> Iterable[str]:
        for content in contents.values():
            with suppress(ValueError):
                yield from (one for one in tables_named_by(content) if one not in self._tables)
