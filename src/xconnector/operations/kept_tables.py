"""Whether everything that decided is kept as it was: every table and every policy, hashed anew."""

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from xconnector.postgres.connect import Connection, Pool, snapshot
from xconnector.project.tables.stored import KeptTableError, read_kept
from xconnector.store import policies, table_events, tables


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptProof:
    """What was hashed, and what is not as it was."""

    tables: int
    policies: int
    spoiled: tuple[str, ...]
    """In words, each table and policy that is not as it was kept, or not there any more."""


async def prove_kept(pool: Pool) -> KeptProof:
    """Hash every kept table and policy, and look for the tables that policies and the ledger of tables name."""
    async with snapshot(pool) as connection:
        found: set[str] = set()
        spoiled: list[str] = []
        async for table in tables.every(connection):
            found.add(table.sha256)
            try:
                read_kept(table)
            except KeptTableError as wrong:
                spoiled.append(str(wrong))
        spoiled += [
            f"table {one.event.table}@{one.event.sha256[:12]} was {one.event.act} and is not kept any more"
            for one in await table_events.chain(connection)
            if one.event.sha256 not in found
        ]
        number, wrong_policies = await _policies(connection, found)
    return KeptProof(tables=len(found), policies=number, spoiled=tuple(dict.fromkeys([*spoiled, *wrong_policies])))


async def _policies(connection: Connection, found: Collection[str]) -> tuple[int, list[str]]:
    """Return how many policies are kept, and what is wrong with them."""
    number = 0
    spoiled: list[str] = []
    async for policy in policies.every(connection):
        number += 1
        called = f"policy {policy.sha256[:12]}"
        if hashlib.sha256(policy.content.encode()).hexdigest() != policy.sha256:
            spoiled.append(f"what is kept as {called} is not that policy any more: restore it from a backup")
            continue
        spoiled += [
            f"{called} asks table {one[:12]}, which is not kept any more: restore it from a backup"
            for one in _asked(json.loads(policy.content))
            if one not in found
        ]
    return number, spoiled


def _asked(policy: dict[str, Any]) -> Iterator[str]:
    """Yield the digests of the tables that a policy names."""
    yield policy["route"]
    for digests in policy["checks"].values():
        yield from digests
