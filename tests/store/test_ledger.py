import psycopg
import pytest

from tests.store.memory import NOW, batch, communication
from xconnector.domain.communication import State
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import ledger


@pytest.mark.parametrize(
    "change",
    ["UPDATE ledger SET event = 'nothing'", "DELETE FROM ledger", "TRUNCATE ledger", "DELETE FROM ledger WHERE false"],
)
async def test_what_stands_in_the_ledger_cannot_be_changed(pool: Pool, change: str) -> None:
    async with transaction(pool) as connection:
        key = await communication(connection, 1, State.DECIDED)
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        async with transaction(pool) as connection:
            await connection.execute(change.encode())

    async with transaction(pool) as connection:
        assert len(await ledger.history(connection, key)) == 1


async def test_entries_are_told_in_the_order_in_which_they_were_appended(pool: Pool) -> None:
    async with transaction(pool) as connection:
        key = await communication(connection, 1, State.DECIDED)
        batch_id = await batch(connection)
        names = [f"event {number}" for number in range(20)]
        await ledger.append(
            connection,
            [
                ledger.Entry(at=NOW, batch_id=batch_id, communication_id=key, event=name, detail={"n": "ü\n\t\\"})
                for name in names
            ],
        )
        history = await ledger.history(connection, key)

    assert [entry.event for entry in history][1:] == names
    assert history[-1].detail == {"n": "ü\n\t\\"}
