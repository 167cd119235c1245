import json
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from psycopg import errors, sql

from tests.store.memory import NOW, communication
from xconnector.domain.communication import State
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType, DeliveryReason
from xconnector.domain.evidence import evidence_in, evidence_of
from xconnector.domain.routing.plan import Medium
from xconnector.domain.suppression import SuppressionAction, SuppressionEvent, SuppressionReason
from xconnector.postgres.connect import Connection, Pool, reading, transaction
from xconnector.store import dispatches, reconciliations, reporting, suppressions
from xconnector.store.dispatches import DispatchState, Intent
from xconnector.store.reporting_views import VIEWS


async def test_every_view_has_the_columns_that_are_documented(pool: Pool) -> None:
    async with reading(pool) as connection:
        cursor = await connection.execute(
            "SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) "
            "FROM information_schema.columns WHERE table_schema = 'reporting' GROUP BY 1"
        )
        found = dict(await cursor.fetchall())

    assert found == {view: [*columns] for view, columns in VIEWS.items()}


async def test_views_agree_with_the_reconciliation_over_nothing_and_over_every_state(pool: Pool) -> None:
    async with transaction(pool) as connection:
        empty = await _standings(connection)
        for number, state in enumerate(State, start=1):
            await communication(connection, number, state)
        account = await reconciliations.account(connection)
        full = await _standings(connection)

    assert empty == {}
    assert full == {standing.value: number for standing, number in account.reconciliation.standings.items()}


async def test_evidence_of_views_is_that_of_the_domain(pool: Pool) -> None:
    sets = [
        *[[_event(kind, by_machine=by)] for kind in DeliveryEventType for by in (False, True)],
        *[
            [_event(DeliveryEventType.DELIVERED), _event(kind, final=final, hours=1)]
            for kind in DeliveryEventType
            for final in (False, True)
        ],
    ]
    async with transaction(pool) as connection:
        wanted: dict[str, str] = {}
        for number, events in enumerate(sets, start=1):
            key = await _hand_over(connection, number, events)
            wanted[key] = evidence_of(events, is_handed_over=True).value
        cursor = await connection.execute("SELECT dispatch_key, evidence FROM reporting.dispatch")
        found = dict(await cursor.fetchall())
        cursor = await connection.execute("SELECT DISTINCT type, by_machine, evidence FROM reporting.delivery_event")
        single = await cursor.fetchall()

    assert found == wanted
    for kind, by_machine, word in single:
        assert word == evidence_in(_event(DeliveryEventType(kind), by_machine=by_machine)).value


async def test_a_score_counts_what_came_of_a_days_hand_overs_and_how_long_it_took(pool: Pool) -> None:
    bounced = _event(DeliveryEventType.BOUNCED, final=True, reason=DeliveryReason.ADDRESS)
    async with transaction(pool) as connection:
        await _hand_over(connection, 1, [_event(DeliveryEventType.DELIVERED, hours=1)])
        await _hand_over(connection, 2, [_event(DeliveryEventType.DELIVERED, hours=3)])
        await _hand_over(connection, 3, [bounced])
        await _hand_over(connection, 4, [])
        await _hand_over(connection, 5, [_event(DeliveryEventType.COMPLAINED, hours=5)])
        span = {"since": NOW - timedelta(hours=1), "until": NOW + timedelta(days=1)}
        (score,) = await reporting.scores(connection, **span, zone="Europe/Berlin")
        returns = await reporting.returns(connection, **span, zone="Europe/Berlin")

    counted = (score.handed_over, score.accepted, score.delivered, score.returned, score.unknown, score.complained)
    assert counted == (5, 4, 3, 1, 1, 1)
    assert score.delivered_median == timedelta(hours=3).total_seconds()
    assert [(row.is_for_good, row.reason, row.number) for row in returns] == [(True, "address", 1)]


async def test_suppressed_addresses_are_counted_until_they_are_lifted(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await suppressions.add(connection, [_entry("K1"), _entry("K2")])
        before = await _suppressed(connection)
        await suppressions.add(connection, [_entry("K1", action=SuppressionAction.LIFTED, minutes=1)])
        after = await _suppressed(connection)

    assert (before, after) == ([("email", "address", 2)], [("email", "address", 1)])


async def test_a_role_of_the_recipe_reads_the_views_and_nothing_else(pool: Pool) -> None:
    role = sql.Identifier(f"xc_bi_{uuid4().hex[:8]}")
    async with pool.connection() as connection:
        await connection.execute(sql.SQL("CREATE ROLE {}").format(role))
        try:
            await connection.execute(sql.SQL("GRANT USAGE ON SCHEMA reporting TO {}").format(role))
            await connection.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO {}").format(role))
            await connection.execute(sql.SQL("SET ROLE {}").format(role))
            for view in VIEWS:
                await connection.execute(sql.SQL("SELECT * FROM reporting.{}").format(sql.Identifier(view)))
            for table in ("communication", "pseudonym_secret", "suppression_event"):
                with pytest.raises(errors.InsufficientPrivilege):
                    await connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
        finally:
            await connection.execute("RESET ROLE")
            await connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
            await connection.execute(sql.SQL("DROP ROLE {}").format(role))


async def test_no_view_shows_a_key_or_an_address_of_a_customer(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await communication(connection, 4711, State.COMPLETED)
        await suppressions.add(connection, [_entry("K4711")])
        shown: list[str] = []
        for view in VIEWS:
            query = sql.SQL("SELECT row_to_json(v)::text FROM reporting.{} AS v").format(sql.Identifier(view))
            shown += [row[0] for row in await (await connection.execute(query)).fetchall()]

    assert len(shown) >= 3
    assert [line for line in shown if "K4711" in line or "anna" in line] == []
    assert len({json.loads(line)["customer"] for line in shown if "customer" in json.loads(line)}) == 1


async def _standings(connection: Connection) -> Counter[str]:
    cursor = await connection.execute("SELECT standing, count(*) FROM reporting.communication GROUP BY 1")
    return Counter(dict(await cursor.fetchall()))


async def _suppressed(connection: Connection) -> list[tuple[object, ...]]:
    return await (await connection.execute("SELECT * FROM reporting.suppressed_address ORDER BY 1, 2")).fetchall()


async def _hand_over(connection: Connection, number: int, events: list[DeliveryEvent]) -> str:
    key = await communication(connection, number, State.COMPLETED, plan=("email",))
    name = dispatches.dispatch_key(key, 0, 0)
    intent = Intent(dispatch_key=name, communication_id=key, hop=0, connection="email", state=DispatchState.DISPATCHING)
    await dispatches.intend(connection, [intent], NOW)
    await connection.execute("UPDATE dispatch SET state = 'handed_over'")
    told = [
        DeliveryEvent(
            dispatch_key=name,
            type=event.type,
            occurred_at=event.occurred_at,
            reason=event.reason,
            final=event.final,
            by_machine=event.by_machine,
        )
        for event in events
    ]
    await dispatches.remember_events(connection, told, NOW)
    return name


def _event(
    kind: DeliveryEventType,
    *,
    final: bool = False,
    by_machine: bool = False,
    hours: int = 0,
    reason: DeliveryReason | None = None,
) -> DeliveryEvent:
    return DeliveryEvent(
        dispatch_key="",
        type=kind,
        occurred_at=NOW + timedelta(hours=hours),
        final=final,
        by_machine=by_machine,
        reason=reason,
    )


def _entry(
    customer: str, *, action: SuppressionAction = SuppressionAction.SUPPRESSED, minutes: int = 0
) -> SuppressionEvent:
    return SuppressionEvent(
        customer_key=customer,
        medium=Medium.EMAIL,
        action=action,
        reason=SuppressionReason.ADDRESS,
        occurred_at=NOW + timedelta(minutes=minutes),
        recorded_at=NOW,
        source="email",
        actor="tests",
        address="anna@x.test",
    )
