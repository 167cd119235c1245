import io
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.decision.made import one_of
from tests.operations.recorded import NOW, POLICY, ROUTING, remembered, rows
from xconnector.domain.decision.deciding import Match, decide
from xconnector.domain.decision.table import DecisionTable, Row
from xconnector.domain.routing.checks import decide_delivery
from xconnector.domain.routing.plan import DeliveryPlan
from xconnector.domain.routing.what_if import NOT_SENT, Outcome
from xconnector.operations.replaying import (
    ChangedDecision,
    Listeners,
    ReplayReport,
    Span,
    recorded_lines,
    replay_lines,
    replay_recorded,
)
from xconnector.postgres.connect import Pool, transaction
from xconnector.store.decisions import DecisionRow

NUMBER = 300
PRINTED = replace(
    ROUTING,
    rows=(
        Row(id="X1", when=(one_of("email"), one_of("notice")), then={"route": "print with certified"}, cite="§ X1"),
        *ROUTING.rows,
    ),
)
"""Notices go to print, whoever wishes them by e-mail."""


async def exported(pool: Pool, *, table: str | None = None) -> bytes:
    return b"".join([lines async for lines in recorded_lines(pool, Span(), table=table)])


def line(**said: object) -> bytes:
    return json.dumps(said).encode() + b"\n"


def replayed(
    lines: Iterable[bytes],
    table: DecisionTable = ROUTING,
    *,
    against: DecisionTable | None = None,
    everything: bool = False,
) -> ReplayReport:
    return replay_lines(io.BytesIO(b"".join(lines)), table, against=against, everything=everything)


# ---------------------------------------------------------------- from the store


@pytest.mark.parametrize("table", [*POLICY.tables], ids=lambda table: table.name)
async def test_the_same_table_changes_nothing_whatever_it_was_asked(pool: Pool, table: DecisionTable) -> None:
    await remembered(pool, rows(NUMBER))
    report = await replay_recorded(pool, table, Span(), everything=True)
    assert report.matrix.asked >= NUMBER
    assert report.matrix.changed == 0
    assert report.matrix.customers_affected == 0
    assert report.consequences is not None
    assert report.consequences.decided == NUMBER
    assert report.consequences.other_ways == 0
    assert report.consequences.first_hops.difference == 0
    assert not report.has_failures


async def test_a_changed_table_is_told_as_deciding_one_by_one_finds_it(pool: Pool) -> None:
    recorded = rows(NUMBER)
    await remembered(pool, recorded)
    told: list[ChangedDecision] = []
    seen: list[int] = []

    report = await replay_recorded(
        pool, PRINTED, Span(), listeners=Listeners(changed=told.append, progress=seen.append)
    )

    became = Counter((before.row.id, after.row.id) for before, after in map(asked_plainly, recorded))
    assert {(cell.old_row, cell.new_row): cell.number for cell in report.matrix.cells} == became
    changed = [row for row in recorded if asked_plainly(row)[1].row.id == "X1"]
    assert [one.communication_id for one in told] == [row.communication_id for row in changed]
    assert report.matrix.customers_affected == len({row.customer_key for row in changed})
    assert seen == [NUMBER]

    assert report.consequences is not None
    channels = {(one.old, one.new): one.number for one in report.consequences.channels}
    expected = Counter((first(row.outcome.plan), first(anew(row))) for row in changed)
    assert channels == expected
    before = sum((cost(row.outcome.plan) for row in changed), Decimal())
    after = sum((cost(anew(row)) for row in changed), Decimal())
    assert (report.consequences.first_hops.before, report.consequences.first_hops.after) == (before, after)
    assert told[0].new_channel == "print"
    assert told[0].new_cost == Decimal("0.85")


def asked_plainly(row: DecisionRow) -> tuple[Match, Match]:
    facts = row.facts
    assert facts is not None
    return decide(ROUTING, facts.common, on=row.day), decide(PRINTED, facts.common, on=row.day)


def anew(row: DecisionRow) -> Outcome:
    facts = row.facts
    assert facts is not None
    return decide_delivery(replace(POLICY, route=PRINTED), facts).outcome


def first(outcome: Outcome) -> str:
    return outcome.hops[0].connection if isinstance(outcome, DeliveryPlan) else NOT_SENT


def cost(outcome: Outcome) -> Decimal:
    return (outcome.hops[0].cost or Decimal()) if isinstance(outcome, DeliveryPlan) else Decimal()


async def test_a_time_chooses_decisions(pool: Pool) -> None:
    await remembered(pool, rows(10))
    span = Span(since=NOW + timedelta(minutes=2), until=NOW + timedelta(minutes=5))
    assert (await replay_recorded(pool, ROUTING, span)).decisions == 3


async def test_what_cannot_be_asked_again_is_counted(pool: Pool) -> None:
    await remembered(pool, rows(10))
    async with transaction(pool) as connection:
        await connection.execute(
            b"UPDATE decision SET facts = NULL WHERE communication_id < %s", [rows(4)[3].communication_id]
        )
    erased = await replay_recorded(pool, ROUTING, Span())
    assert (erased.erased, erased.matrix.asked) == (3, 7)
    other = await replay_recorded(pool, replace(ROUTING, name="another"), Span())
    assert (other.not_asked, other.matrix.asked) == (10, 0)


async def test_facts_that_were_changed_past_us_are_told_and_not_asked(pool: Pool) -> None:
    await remembered(pool, rows(10))
    async with transaction(pool) as connection:
        await connection.execute(b"SET LOCAL session_replication_role = replica")
        await connection.execute(
            b"UPDATE decision SET facts = replace(facts::text, ':', ' :')::json WHERE communication_id = %s",
            [rows(3)[2].communication_id],
        )
    for report in (
        await replay_recorded(pool, PRINTED, Span(), everything=True),
        replayed([await exported(pool)], PRINTED, everything=True),
    ):
        assert (report.changed_past_us, report.matrix.asked) == (1, 9)
        assert report.changed_past_us_examples == (rows(3)[2].communication_id,)
        assert report.consequences is not None
        assert report.consequences.decided == 9
        assert report.has_failures


async def test_rows_count_on_each_decisions_own_day_unless_another_is_named(pool: Pool) -> None:
    await remembered(pool, rows(NUMBER))
    later = replace(PRINTED, rows=(replace(PRINTED.rows[0], valid_from=date(2026, 8, 1)), *PRINTED.rows[1:]))
    assert (await replay_recorded(pool, later, Span())).matrix.changed == 0
    assert (await replay_recorded(pool, later, Span(), as_of=date(2026, 8, 1))).matrix.changed > 0


async def test_a_policy_whose_tables_are_gone_is_told(pool: Pool) -> None:
    await remembered(pool, rows(NUMBER))
    async with transaction(pool) as connection:
        # Past the trigger that keeps policies.
        await connection.execute(b"SET LOCAL session_replication_role = replica")
        await connection.execute(b"DELETE FROM policy")
    report = await replay_recorded(pool, PRINTED, Span())
    assert report.without_policy == report.matrix.changed > 0
    assert report.consequences is None


# ---------------------------------------------------------------- from lines


async def test_what_was_written_as_lines_is_replayed_as_from_the_store(pool: Pool) -> None:
    await remembered(pool, rows(NUMBER))
    lines = await exported(pool)
    for table in (PRINTED, *POLICY.tables):
        assert replayed([lines], table) == await replay_recorded(pool, table, Span())


async def test_questions_that_were_written_as_lines_have_the_same_matrix_of_rows(pool: Pool) -> None:
    await remembered(pool, rows(NUMBER))
    report = replayed([await exported(pool, table="routing")], PRINTED, against=ROUTING)
    assert report.matrix == (await replay_recorded(pool, PRINTED, Span())).matrix


EMAIL = line(inputs={"customer.preference": "email", "category": "bill"}, row="E1", on="2026-07-01", customer="K")


def test_a_line_with_inputs_and_row_is_enough() -> None:
    report = replayed([EMAIL])
    (cell,) = report.matrix.cells
    assert (cell.old_row, cell.new_row, cell.is_change) == ("E1", "E1", False)


def test_without_a_row_the_table_of_then_is_asked() -> None:
    asked = line(inputs={"customer.preference": "email", "category": "notice"})
    (cell,) = replayed([asked], PRINTED, against=ROUTING).matrix.cells
    assert (cell.old_row, cell.new_row, cell.says_otherwise) == ("E1", "X1", True)


@pytest.mark.parametrize(
    "wrong, reason",
    [
        (b"{", "truncated"),
        (b'{"a": 1}\n', "unknown field `a`"),
        (b"[]\n", "object"),
        (line(inputs={}, row=7), "row"),
        (line(inputs={}, row="E1", on="soon"), "on"),
        (line(inputs={}), "it says no row"),
        (line(customer="K"), "neither inputs nor all of rows, outcome, on and policy"),
        (line(communication_id="7", on="2026-07-01", policy="f", rows={}, outcome={}), "no UUID"),
        (line(table="f" * 64, name="routing", content="{}"), "no table with this SHA-256"),
        (line(table="f" * 64, name="routing", content={}), "Expected `str`"),
        (line(policy="f" * 64, content={}), "no policy with this SHA-256"),
        (b'{"communication_id": "7", "facts": "\xff"}\n', "not UTF-8"),
        (b'{"policy": "f", "content": ' + b"[" * 900 + b"]" * 900 + b"}\n", "no policy with this SHA-256"),
        (b'{"inputs": {"a": ' + b"[" * 100_000 + b"\n", "recursion"),
    ],
)
def test_a_bad_line_is_named_and_set_aside_and_the_rest_passes(wrong: bytes, reason: str) -> None:
    report = replayed([EMAIL, b"\n", wrong if wrong.endswith(b"\n") else wrong + b"\n", EMAIL])
    (aside,) = report.set_aside_lines
    assert aside.line == 3
    assert reason in aside.reason
    assert report.matrix.asked == 2
    assert report.has_failures


def test_a_line_without_end_is_set_aside_and_not_held() -> None:
    report = replayed([b'{"inputs": {"a": "' + b"x" * 9_000_000 + b'"}}\n', EMAIL])
    assert [one.reason for one in report.set_aside_lines] == ["it is longer than 4000000 bytes"]
    assert report.matrix.asked == 1


def test_a_decision_that_says_nonsense_inside_is_counted() -> None:
    nonsense = line(
        communication_id=str(rows(1)[0].communication_id),
        on="2026-07-01",
        policy="f",
        rows={"preference/routing": 7},
        outcome=[],
        facts=[],
    )
    report = replayed([nonsense, EMAIL])
    assert report.unreadable == 1
    assert report.unreadable_examples == (rows(1)[0].communication_id,)
    assert report.matrix.asked == 1


@given(st.lists(st.binary() | st.sampled_from([EMAIL, b'{"facts":[]}', b'{"content":1}', b"\xff\n"]), max_size=5))
def test_whatever_is_in_a_file_nothing_is_dropped(lines: list[bytes]) -> None:
    whole = b"\n".join(one.strip() for one in lines)
    report = replayed([whole])
    told = [one for one in whole.split(b"\n") if one.strip()]
    assert report.matrix.asked + report.set_aside + report.unreadable + report.not_asked == len(told)
