"""The counts behind a reconciliation: what came in, and where the ledger says everything stands."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xconnector.domain.communication import Standing, State, standing_of
from xconnector.domain.event import RecordFate
from xconnector.domain.reconciliation import Reconciliation
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all, fetch_one

_QUERIES = Queries.load("xconnector.store", "reconciliations.sql")

_RECORD_STANDINGS = {
    RecordFate.REPEATED: Standing.SUPPRESSED,
    RecordFate.REFUSED: Standing.FAILED,
    RecordFate.SET_ASIDE: Standing.FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A reconciliation with the lines it is the sum of."""

    reconciliation: Reconciliation
    records: dict[str, int]
    """Records by fate; `asked_for_none` and `unasked` are taken records without a communication."""
    states: dict[State, int]
    """Communications by state, as the ledger has them."""
    disagreements: int
    """Communications whose state in the table differs from their last entry in the ledger."""

    @property
    def closes(self) -> bool:
        return self.reconciliation.closes and self.disagreements == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Records:
    unsealed: int
    received: int
    further: int
    taken: int
    repeated: int
    refused: int
    set_aside: int
    asked_for_none: int
    unasked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    state: str
    number: int
    disagreeing: int


async def account(
    connection: Connection,
    *,
    run_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    declared: int | None = None,
    expected: int | None = None,
) -> Account:
    """Account for one run, or for everything that came in between two times (the later one excluded).

    What came in is counted by the intake's ledger entries and what each record asked for; where it
    stands by the last entry of each communication.
    """
    span = {"run_id": run_id, "since": since, "until": until}
    records = await fetch_one(connection, _Records, _QUERIES.records, **span)
    assert records is not None, "an aggregate gives a row"
    counts = await fetch_all(connection, _Count, _QUERIES.standings, **span)
    states = {State(count.state): count.number for count in counts}
    standings = dict.fromkeys(Standing, 0)
    for state, number in states.items():
        standings[standing_of(state)] += number
    for fate, standing in _RECORD_STANDINGS.items():
        standings[standing] += getattr(records, fate)
    standings[Standing.SUPPRESSED] += records.asked_for_none
    standings[Standing.IN_PROGRESS] += records.unasked
    return Account(
        reconciliation=Reconciliation(
            came_in=records.received + records.further,
            standings=standings,
            declared=declared,
            records_read=records.received,
            expected=expected,
            unsealed=records.unsealed,
        ),
        records={
            "taken": records.taken,
            "repeated": records.repeated,
            "refused": records.refused,
            "set_aside": records.set_aside,
            "asked_for_none": records.asked_for_none,
            "unasked": records.unasked,
        },
        states=states,
        disagreements=sum(count.disagreeing for count in counts),
    )
