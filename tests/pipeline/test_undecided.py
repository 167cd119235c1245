"""What could not be decided is kept with what the tables saw, so that a mended table can be asked the same."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from tests.office import Office, edit, notice, open_place
from tests.pipeline.checked_office import BY_MAIL_ONLY, MUST_SEND, UNREVIEWED, write_checks
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.routing.plan import DeliveryPlan, Medium
from xconnector.domain.routing.what_if import NOT_DECIDED
from xconnector.operations.deadlines import deadlines
from xconnector.operations.failures import Choice, open_failures, reprocess
from xconnector.operations.replaying import ReplayReport, Span, recorded_lines, replay_lines, replay_recorded
from xconnector.postgres.connect import reading
from xconnector.store import decisions
from xconnector.store.decisions import DecisionRow

pytestmark = pytest.mark.asyncio(loop_scope="session")

WITH_A_GAP = """\
---
gaps: nobody thought of it
---

| row | when medium | when consent | then send | then reason | cite   |
|-----|-------------|--------------|-----------|-------------|--------|
| C1  | not email   | -            | yes       | -           |        |
| C2  | -           | given        | yes       | -           |        |
"""
LAST_ROW = "| C3  | -           | -            | no        | no consent  | Rule 9 |\n"
NOTHING_MAY_GO = """\
| row | when medium | then send | then reason | cite   |
|-----|-------------|-----------|-------------|--------|
| C1  | -           | no        | nobody may  | Rule 9 |
"""


def with_a_gap(folder: Path) -> None:
    write_checks(folder, checks="{consent: consent}", route=UNREVIEWED, consent=WITH_A_GAP)


async def sent(opened: Office, *numbers: int) -> UUID:
    """Send notices to customers who never said yes to e-mail, and return the id of the first."""
    await opened.send(*(notice(str(number), email=f"{number}@x.test") for number in numbers))
    await opened.work()
    return (await opened.explain(str(numbers[0]))).found.communication_id


async def kept(opened: Office, communication_id: UUID) -> list[DecisionRow]:
    async with reading(opened.place.pool) as connection:
        return await decisions.of_communication(connection, communication_id)


def mended(table: DecisionTable) -> DecisionTable:
    last = replace(table.rows[0], id="C3", then={"send": "no", "reason": "no consent"}, cite="Rule 9")
    rest = tuple(replace(cell) if at else table.rows[1].when[0] for at, cell in enumerate(table.rows[0].when))
    return replace(table, rows=(*table.rows, replace(last, when=rest)))


async def test_the_question_that_had_no_answer_is_kept_with_what_the_tables_saw(
    tmp_path: Path, office: OpenOffice
) -> None:
    with_a_gap(tmp_path)
    async with office() as opened:
        (row,) = await kept(opened, await sent(opened, 1))
        explained = await opened.explain("1")
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert row.rows == {"consent/consent/email": ""}
    assert row.outcome.failed == failure.reason
    assert row.outcome.plan is None
    assert row.facts is not None
    assert row.facts.by_medium[Medium.EMAIL]["consent"] == "never"
    told = explained.decided
    assert failure.reason in str(told.why)
    assert (told.accounts[0].outcome, told.accounts[0].steps, told.accounts[0].trouble) == (None, [], None)


async def test_a_mended_table_is_replayed_over_what_had_no_answer(tmp_path: Path, office: OpenOffice) -> None:
    with_a_gap(tmp_path)
    async with office() as opened:
        await sent(opened, 1, 2, 3)
        table = opened.place.project.tables["consent"]
        pool = opened.place.pool
        lines = b"".join([page async for page in recorded_lines(pool, Span())])
        questions = b"".join([page async for page in recorded_lines(pool, Span(), table="consent")])
        answered = await replay_recorded(pool, mended(table), Span())
        as_before = await replay_recorded(pool, table, Span(), everything=True)

    assert cells(answered) == {(None, "C3"): 3}
    assert answered.matrix.newly_answered == 3
    assert not answered.has_failures
    assert answered.consequences is not None
    assert answered.consequences.newly_decided == 3
    assert [(one.old, one.new, one.number) for one in answered.consequences.channels] == [(NOT_DECIDED, "print", 3)]
    assert cells(as_before) == {(None, None): 3}
    assert (as_before.matrix.changed, as_before.has_failures) == (0, False)
    assert as_before.consequences is not None
    assert [one.number for one in as_before.consequences.still_undecided] == [3]
    assert replay_lines(io.BytesIO(lines), mended(table)) == answered
    assert replay_lines(io.BytesIO(questions), mended(table)).matrix == answered.matrix


def cells(report: ReplayReport) -> dict[tuple[str | None, str | None], int]:
    return {(cell.old_row, cell.new_row): cell.number for cell in report.matrix.cells}


async def test_what_is_decided_once_the_table_is_mended_is_the_next_occasion(
    tmp_path: Path, office: OpenOffice
) -> None:
    with_a_gap(tmp_path)
    async with office() as opened:
        key = await sent(opened, 1)
        await reprocess(opened.place.pool, opened.place.jobs, Choice(), actor="ops", reason="try again")
        await opened.work()
        assert len(await kept(opened, key)) == 1
        edit(tmp_path, "tables/consent.md", WITH_A_GAP, WITH_A_GAP + LAST_ROW)
        async with open_place(opened.folder, opened.database, opened.relay.port) as place:
            opened.place = place
            await reprocess(place.pool, place.jobs, Choice(), actor="ops", reason="table mended")
            await opened.work()
            rows = await kept(opened, key)
            explained = await opened.explain("1")

    assert explained.found.state == State.COMPLETED
    assert [row.occasion for row in rows] == [0, 1]
    assert [row.outcome.failed is None for row in rows] == [False, True]
    assert isinstance(rows[1].outcome.plan, DeliveryPlan)
    proven = [entry.detail["kept"] for entry in explained.history if entry.detail and "kept" in entry.detail]
    assert proven == [{"occasion": row.occasion, "sha256": row.sha256} for row in rows]
    assert explained.decided.why == (
        "It goes to print because e-mail was taken away: no consent (row C3 of consent, Rule 9); "
        "print is next in row R3 of routing."
    )


async def test_what_must_be_sent_and_finds_no_way_is_kept_with_all_rows_and_its_legal_day(
    tmp_path: Path, office: OpenOffice
) -> None:
    write_checks(
        tmp_path,
        checks="{must_send: must_send, consent: consent, default: print}",
        route=BY_MAIL_ONLY,
        must_send=MUST_SEND,
        consent=NOTHING_MAY_GO,
    )
    last_day = datetime.now(UTC).astimezone(ZoneInfo("Europe/Berlin")).date() + timedelta(days=5)
    async with office() as opened:
        key = await sent(opened, 1)
        (row,) = await kept(opened, key)
        account = (await opened.explain("1")).decided.accounts[0]
        due = await deadlines(opened.place.pool, on=last_day, limit=10)
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert (row.outcome.mandatory, row.outcome.within) == (True, 5)
    assert {place: said for place, said in row.rows.items() if place.startswith("consent")} == {
        "consent/consent/email": "C1",
        "consent/consent/print": "C1",
    }
    assert [step.line for step in account.steps][1] == (
        "2. consent, e-mail: taken away: nobody may (row C1 of consent, Rule 9)"
    )
    assert (due.today, [one.communication_id for one in due.next]) == (1, [key])
    assert failure.leave_by == last_day
