from uuid import UUID

from tests.store.memory import NOW, arrival, batch, communication
from xconnector.domain.communication import Standing, State
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import inbox, ledger, reconciliations


async def test_every_state_has_its_bucket_and_the_sum_closes(pool: Pool) -> None:
    async with transaction(pool) as connection:
        for number, state in enumerate(State, start=1):
            await communication(connection, number, state)
        account = await reconciliations.account(connection)

    assert account.closes
    assert account.reconciliation.came_in == len(State)
    assert account.reconciliation.standings == {
        Standing.COMPLETED: 1,
        Standing.SUPPRESSED: 1,
        Standing.FAILED: 2,
        Standing.CANCELLED: 1,
        Standing.IN_PROGRESS: len(State) - 5,
    }


async def test_a_communication_that_is_gone_shows_as_a_difference(pool: Pool) -> None:
    async with transaction(pool) as connection:
        batch_id = await batch(connection)
        (row,) = await inbox.receive(connection, batch_id, [arrival("1")], NOW)
        await ledger.append(connection, [ledger.Entry(at=NOW, batch_id=batch_id, event="received")])
        await inbox.set_made(connection, [(row.record_id, 1)])
        account = await reconciliations.account(connection)

    assert account.reconciliation.difference == 1
    assert not account.closes


async def test_a_table_that_disagrees_with_the_ledger_does_not_close(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await communication(connection, 1, State.DECIDED)
        await connection.execute("UPDATE communication SET state = 'completed'")
        account = await reconciliations.account(connection)

    assert account.disagreements == 1
    assert not account.closes


async def test_a_communication_without_a_record_of_its_intake_shows_as_a_difference(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await communication(connection, 1, State.DECIDED)
        batch_id = await batch(connection)
        entry = ledger.Entry(
            at=NOW, batch_id=batch_id, communication_id=UUID(int=2), event="decided", state=State.DECIDED
        )
        await ledger.append(connection, [entry])
        account = await reconciliations.account(connection)

    assert account.reconciliation.difference == -1
    assert not account.closes
