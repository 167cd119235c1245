from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.decision import (
    AnyValue,
    Cell,
    DecisionError,
    DecisionTable,
    InputKindError,
    Kind,
    Match,
    MissingInputError,
    NoRowFitsError,
    OneOf,
    Row,
    Value,
    Within,
    decide,
    decide_plainly,
    spelled,
    unreachable_rows,
)

ANY = AnyValue()
TEXTS = ("print", "email", "portal")
NUMBERS = tuple(Decimal(number) for number in ("-1", "0", "5", "5.50", "10"))
DATES = (date(2026, 1, 1), date(2026, 6, 30), date(2027, 1, 1))


def one_of(*values: Value, none: bool = False, negated: bool = False) -> OneOf:
    return OneOf(values=frozenset(values), includes_none=none, negated=negated)


def table(*rows: tuple[Cell, ...], inputs: tuple[str, ...], kinds: tuple[Kind, ...]) -> DecisionTable:
    return DecisionTable(
        name="routing",
        inputs=inputs,
        kinds=kinds,
        outputs=("route",),
        rows=tuple(Row(id=f"R{at}", when=cells, then={"route": f"way{at}"}) for at, cells in enumerate(rows, start=1)),
    )


PREFERENCE = table(
    (one_of("email"), Within(low=Decimal(1000), includes_low=False)),
    (one_of("email"), ANY),
    (one_of("print", none=True), ANY),
    inputs=("preference", "premium"),
    kinds=(Kind.TEXT, Kind.NUMBER),
)


@pytest.mark.parametrize(
    "inputs, row",
    [
        ({"preference": "email", "premium": Decimal("1000.01")}, "R1"),
        ({"preference": "email", "premium": Decimal(1000)}, "R2"),
        ({"preference": "email", "premium": "1000.01"}, "R1"),
        ({"preference": "email", "premium": None}, "R2"),
        ({"preference": "print", "premium": 1}, "R3"),
        ({"preference": None, "premium": 1}, "R3"),
    ],
)
def test_the_first_row_that_fits_wins(inputs: Mapping[str, Any], row: str) -> None:
    assert decide(PREFERENCE, inputs).row.id == row


def test_no_row_is_an_error_that_names_inputs_and_no_values() -> None:
    with pytest.raises(NoRowFitsError, match="table routing fits these values of preference, premium") as refused:
        decide(PREFERENCE, {"preference": "Sämann", "premium": 1})
    assert "Sämann" not in str(refused.value)


def test_an_input_that_a_row_needs_and_nobody_gave_is_an_error_not_a_default() -> None:
    with pytest.raises(MissingInputError, match="preference"):
        decide(PREFERENCE, {"premium": 1})


def test_an_input_that_no_row_comes_to_look_at_may_be_missing() -> None:
    assert decide(PREFERENCE, {"preference": "print"}).row.id == "R3"


def test_an_input_of_another_kind_is_an_error_not_a_miss() -> None:
    with pytest.raises(InputKindError, match="premium is not of the kind number"):
        decide(PREFERENCE, {"preference": "email", "premium": "a lot"})


@pytest.mark.parametrize(
    "cell, fitting, not_fitting",
    [
        (ANY, ["a", None], []),
        (one_of("a", "b"), ["a", "b"], ["c", None]),
        (one_of("a", negated=True), ["b", None], ["a"]),
        (one_of("a", none=True, negated=True), ["b"], ["a", None]),
        (one_of(none=True), [None], ["a"]),
        (one_of(none=True, negated=True), ["a"], [None]),
    ],
)
def test_cells_fit_as_they_read(cell: Cell, fitting: list[str | None], not_fitting: list[str | None]) -> None:
    only = table((cell,), inputs=("x",), kinds=(Kind.TEXT,))

    for value in fitting:
        assert decide(only, {"x": value}).row.id == "R1"
    for value in not_fitting:
        with pytest.raises(NoRowFitsError):
            decide(only, {"x": value})


def test_both_ends_of_a_range_are_in_it() -> None:
    only = table((Within(low=DATES[0], high=DATES[1]),), inputs=("x",), kinds=(Kind.DATE,))

    assert decide(only, {"x": "2026-01-01"})
    assert decide(only, {"x": date(2026, 6, 30)})
    with pytest.raises(NoRowFitsError):
        decide(only, {"x": date(2026, 7, 1)})


def values_of(kind: Kind) -> st.SearchStrategy[Any]:
    choices: Mapping[Kind, st.SearchStrategy[Any]] = {
        Kind.TEXT: st.sampled_from(TEXTS),
        Kind.NUMBER: st.sampled_from(NUMBERS),
        Kind.DATE: st.sampled_from(DATES),
        Kind.YES_NO: st.booleans(),
    }
    return choices[kind]


def cells_of(kind: Kind) -> st.SearchStrategy[Cell]:
    lists = st.builds(
        OneOf, values=st.frozensets(values_of(kind), max_size=3), includes_none=st.booleans(), negated=st.booleans()
    )
    cells: st.SearchStrategy[Cell] = st.just(ANY) | lists
    if kind in {Kind.NUMBER, Kind.DATE}:
        ends = st.none() | values_of(kind)
        cells |= st.builds(Within, low=ends, high=ends, includes_low=st.booleans(), includes_high=st.booleans())
    return cells


@st.composite
def tables(draw: Callable[[st.SearchStrategy[Any]], Any]) -> DecisionTable:
    kinds = tuple(draw(st.lists(st.sampled_from([Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.YES_NO]), max_size=4)))
    rows = draw(st.lists(st.tuples(*(cells_of(kind) for kind in kinds)), max_size=6))
    return table(*rows, inputs=tuple(f"i{at}" for at in range(len(kinds))), kinds=kinds)


@st.composite
def asked(draw: Callable[[st.SearchStrategy[Any]], Any]) -> tuple[DecisionTable, Mapping[str, Any]]:
    asked_table: DecisionTable = draw(tables())
    inputs = {
        name: draw(st.none() | values_of(kind) | st.sampled_from(["odd", True, 3]))
        for name, kind in zip(asked_table.inputs, asked_table.kinds, strict=True)
        if draw(st.integers(0, 9))
    }
    return asked_table, inputs


def answer(decide_by: Callable[..., Match], asked_table: DecisionTable, inputs: Mapping[str, Any]) -> object:
    try:
        return decide_by(asked_table, inputs)
    except DecisionError as refused:
        return type(refused), str(refused)


@given(asked())
def test_the_compiled_table_decides_as_the_plain_one(question: tuple[DecisionTable, Mapping[str, Any]]) -> None:
    asked_table, inputs = question

    assert answer(decide, asked_table, inputs) == answer(decide_plainly, asked_table, inputs)


@given(asked())
def test_a_row_that_is_called_unreachable_never_wins(question: tuple[DecisionTable, Mapping[str, Any]]) -> None:
    asked_table, inputs = question
    unreachable = {row.id for row, _ in unreachable_rows(asked_table)}

    try:
        winner = decide(asked_table, inputs).row.id
    except DecisionError:
        return
    assert winner not in unreachable


def test_a_row_behind_one_that_takes_all_is_unreachable() -> None:
    covered = table((ANY,), (one_of("a"),), inputs=("x",), kinds=(Kind.TEXT,))

    assert [(row.id, earlier.id) for row, earlier in unreachable_rows(covered)] == [("R2", "R1")]


def test_the_digest_is_of_what_is_decided_not_of_notes() -> None:
    noted = DecisionTable(
        name=PREFERENCE.name,
        inputs=PREFERENCE.inputs,
        kinds=PREFERENCE.kinds,
        outputs=PREFERENCE.outputs,
        rows=tuple(Row(id=row.id, when=row.when, then=row.then, note="a note") for row in PREFERENCE.rows),
    )
    other = table((ANY, ANY), inputs=PREFERENCE.inputs, kinds=PREFERENCE.kinds)

    assert noted.sha256 == PREFERENCE.sha256
    assert other.sha256 != PREFERENCE.sha256


@pytest.mark.parametrize(
    "cell, text",
    [
        (ANY, "-"),
        (one_of("b", "a"), '"a", "b"'),
        (one_of(Decimal("5.50"), none=True), "none, 5.5"),
        (one_of(True, negated=True), "not yes"),
        (Within(low=Decimal(5), includes_low=False), "> 5"),
        (Within(high=DATES[0]), "<= 2026-01-01"),
        (Within(low=Decimal(5), high=Decimal(10)), "5..10"),
    ],
)
def test_every_cell_has_one_spelling(cell: Cell, text: str) -> None:
    assert spelled(cell) == text


def test_it_decides_a_hundred_thousand_times_a_second() -> None:
    rows = [(one_of(f"kind{at % 7}"), one_of("email"), Within(low=Decimal(at)), ANY) for at in range(40)]
    big = table(
        *rows,
        (ANY, ANY, ANY, ANY),
        inputs=("a", "b", "c", "d"),
        kinds=(Kind.TEXT, Kind.TEXT, Kind.NUMBER, Kind.YES_NO),
    )
    inputs = {"a": "kind3", "b": "email", "c": Decimal(20), "d": True}
    decide(big, inputs)

    best = min(seconds_of(lambda: [decide(big, inputs) for _ in range(2_000)]) for _ in range(5))

    # A third of the promise: the machine may be busy with other things.
    assert 2_000 / best > 33_000


def seconds_of(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun
