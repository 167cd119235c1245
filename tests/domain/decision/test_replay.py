from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.decision.made import DAYS, EVERY_VALUE, one_of, table, tables
from xconnector.domain.decision.cells import ANY
from xconnector.domain.decision.deciding import DecisionError, decide_all, decide_plainly
from xconnector.domain.decision.replay import MOST_EXAMPLES, Change, PastAnswer, Recorded, Replay, past_answer
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.decision.values import Kind

EMAIL = PastAnswer(row="R1", says=({"route": "way1"},))
PRINT = PastAnswer(row="R2", says=({"route": "way2"},))
OF_THEN = table((one_of("email"),), (ANY,), kinds={"preference": Kind.TEXT})


def recorded(
    number: int, past: PastAnswer, preference: str, *, customer: str = "", day: date | None = None
) -> Recorded:
    return Recorded(
        communication_id=f"c{number}",
        customer=customer or f"k{number}",
        day=day,
        past=past,
        inputs={"preference": preference},
    )


def replayed(changed: DecisionTable, questions: Sequence[Recorded], *, as_of: date | None = None) -> Replay:
    replay = Replay(changed, as_of=as_of)
    for _ in replay.over(questions):
        pass
    return replay


def test_the_matrix_tells_which_row_became_which() -> None:
    changed = table((one_of("portal"),), (ANY,), kinds={"preference": Kind.TEXT})
    questions = [recorded(1, EMAIL, "email"), recorded(2, EMAIL, "email"), recorded(3, PRINT, "portal")]
    matrix = replayed(changed, questions).matrix()
    assert [(cell.old_row, cell.new_row, cell.number) for cell in matrix.cells] == [("R1", "R2", 2), ("R2", "R1", 1)]
    assert matrix.customers_affected == 3


def test_a_row_that_kept_its_name_and_says_something_else_is_a_change() -> None:
    row = replace(OF_THEN.rows[0], then={"route": "way9"})
    matrix = replayed(replace(OF_THEN, rows=(row, OF_THEN.rows[1])), [recorded(1, EMAIL, "email")]).matrix()
    (cell,) = matrix.cells
    assert (cell.old_row, cell.new_row, cell.says_otherwise, cell.is_change) == ("R1", "R1", True, True)
    assert matrix.said_otherwise == 1


def test_another_row_that_says_the_same_is_a_change_that_says_nothing_new() -> None:
    same = replace(OF_THEN, rows=tuple(replace(row, id=f"N{row.id}") for row in OF_THEN.rows))
    matrix = replayed(same, [recorded(1, EMAIL, "email")]).matrix()
    assert (matrix.changed, matrix.said_otherwise) == (1, 0)


def test_without_the_table_of_then_rows_are_compared_by_name() -> None:
    unknown = PastAnswer(row="R1")
    matrix = replayed(OF_THEN, [recorded(1, unknown, "email"), recorded(2, unknown, "print")]).matrix()
    assert [(cell.new_row, cell.is_change, cell.says_otherwise) for cell in matrix.cells] == [
        ("R2", True, None),
        ("R1", False, None),
    ]


def test_a_question_without_an_answer_is_counted_with_examples_and_never_dropped() -> None:
    narrow = table((one_of("email"),), kinds={"preference": Kind.TEXT})
    questions = [recorded(number, PRINT, "print") for number in range(MOST_EXAMPLES + 3)]
    matrix = replayed(narrow, questions).matrix()
    (reason,) = matrix.without_answer
    assert (matrix.failed, reason.number) == (len(questions), len(questions))
    assert reason.examples == ("c0", "c1", "c2", "c3", "c4")
    assert "no row of table routing fits" in reason.reason


def test_a_missing_input_is_told_and_no_value_of_the_customer_is() -> None:
    (change,) = Replay(OF_THEN).over([recorded(1, EMAIL, "x")._replace(inputs={"other": "Sämann"})])
    assert change.new_row is None
    assert change.reason is not None
    assert "preference" in change.reason
    assert "Sämann" not in change.reason


def test_a_customer_with_many_changes_is_affected_once() -> None:
    questions = [recorded(number, PRINT, "email", customer="k") for number in range(3)]
    assert replayed(OF_THEN, questions).matrix().customers_affected == 1


@pytest.mark.parametrize("as_of, row", [(None, "R2"), (date(2026, 7, 1), "R1")])
def test_each_question_is_asked_as_of_its_own_day_unless_one_day_is_named(as_of: date | None, row: str) -> None:
    from_july = replace(OF_THEN.rows[0], valid_from=date(2026, 7, 1))
    changed = replace(OF_THEN, rows=(from_july, OF_THEN.rows[1]))
    question = recorded(1, PRINT, "email", day=date(2026, 6, 30))
    assert replayed(changed, [question], as_of=as_of).matrix().cells[0].new_row == row


# ---------------------------------------------------------------- for every table


@st.composite
def replays(
    draw: Callable[[st.SearchStrategy[Any]], Any],
) -> tuple[DecisionTable, DecisionTable, list[Recorded]]:
    """A table, another one, and questions to the first with what it answered."""
    of_then: DecisionTable = draw(tables())
    changed: DecisionTable = draw(tables())
    inputs = {one.name: one for one in (*changed.inputs, *of_then.inputs)}
    pasts: dict[str | None, PastAnswer] = {}
    questions: list[Recorded] = []
    for number in range(draw(st.integers(0, 12))):
        given = {name: draw(st.none() | st.sampled_from(EVERY_VALUE[one.domain.kind])) for name, one in inputs.items()}
        day = draw(st.sampled_from(DAYS))
        try:
            matches = decide_all(of_then, given, on=day)
        except DecisionError:
            continue
        past = past_answer(matches)
        questions.append(
            Recorded(
                communication_id=f"c{number}",
                customer=draw(st.sampled_from("abc")),
                day=day,
                past=pasts.setdefault(past.row, past),
                inputs=given,
            )
        )
    return of_then, changed, questions


@given(replays())
def test_the_same_table_changes_nothing(drawn: tuple[DecisionTable, DecisionTable, list[Recorded]]) -> None:
    of_then, _, questions = drawn
    replay = Replay(of_then)
    assert [*replay.over(questions)] == []
    matrix = replay.matrix()
    assert (matrix.asked, matrix.changed, matrix.customers_affected) == (len(questions), 0, 0)


@given(replays())
def test_the_matrix_agrees_with_asking_one_by_one(drawn: tuple[DecisionTable, DecisionTable, list[Recorded]]) -> None:
    _, changed, questions = drawn
    replay = Replay(changed)
    told = [*replay.over(questions)]
    matrix = replay.matrix()

    expected = [(question, *naively(changed, question)) for question in questions]
    counted = Counter((question.past.row, row) for question, row, _ in expected)
    assert sum(cell.number for cell in matrix.cells) == matrix.asked == len(questions)
    found: Counter[tuple[str | None, str | None]] = Counter()
    for cell in matrix.cells:
        found[cell.old_row, cell.new_row] += cell.number
    assert found == counted
    differing = [question for question, row, says in expected if row != question.past.row or says != question.past.says]
    assert [change.communication_id for change in told] == [question.communication_id for question in differing]
    assert matrix.changed == len(differing)
    assert matrix.customers_affected == len({question.customer for question in differing})
    assert (
        sum(one.number for one in matrix.without_answer) == matrix.failed == sum(row is None for _, row, _ in expected)
    )


def naively(changed: DecisionTable, question: Recorded) -> tuple[str | None, Sequence[Mapping[str, Any]] | None]:
    try:
        matches = decide_plainly(changed, question.inputs, on=question.day)
    except DecisionError:
        return None, None
    return ", ".join(match.row.id for match in matches), tuple(match.outputs for match in matches)


@given(replays(), st.integers(0, 12))
def test_questions_can_come_in_parts(drawn: tuple[DecisionTable, DecisionTable, list[Recorded]], at: int) -> None:
    _, changed, questions = drawn
    in_parts = Replay(changed)
    told: list[Change] = [*in_parts.over(questions[:at]), *in_parts.over(questions[at:])]
    whole = Replay(changed)
    assert told == [*whole.over(questions)]
    assert in_parts.matrix() == whole.matrix()
