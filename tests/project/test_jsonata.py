"""Expressions of JSONata as the source of the odd field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.strict_json import Json
from xconnector.project.jsonata import JsonataError, from_jsonata
from xconnector.project.mapping_source import ValueProblemError

RECORD: Json = {"lines": [{"amount": 20.1}, {"amount": 5}, {"amount": 15.2}], "holder": {"name": "Ada"}}


def made(expression: str, record: Json = RECORD) -> Json:
    return from_jsonata(expression).value(record, record)


def test_an_expression_makes_a_value_of_the_record() -> None:
    assert made("$sum(lines[amount > 10].amount)") == 35.3
    assert made("$uppercase(holder.name)") == "ADA"
    assert made("lines.{'cents': amount * 100}") == [{"cents": 2010}, {"cents": 500}, {"cents": 1520}]
    assert made("nothing.there") is None


def test_fractions_have_the_digits_that_jsonata_writes() -> None:
    assert made("0.1 + 0.2") == 0.3


def test_its_origins_are_the_paths_that_it_reads() -> None:
    take = from_jsonata("$sum(lines[amount > 10].amount) & holder.name")

    assert take.origins(RECORD, RECORD, "") == {"": ("holder.name", "lines.amount")}
    assert take.origins(RECORD, RECORD, "policies[*]") == {"": ("policies[*].holder.name", "policies[*].lines.amount")}
    assert from_jsonata("1 + 1").origins(RECORD, RECORD, "") == {"": ("(constant)",)}


@pytest.mark.parametrize("expression", ["$now()", "$random()", "$millis()", '$eval("1")', "$shuffle(lines)"])
def test_what_would_answer_otherwise_each_time_is_refused(expression: str) -> None:
    with pytest.raises(JsonataError, match=r"\$"):
        from_jsonata(expression)


@pytest.mark.parametrize("expression", ["", "a ..[", "(", "x" * 2001])
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(JsonataError):
        from_jsonata(expression)


@pytest.mark.parametrize(
    "expression", ["($f := function() { $f() }; $f())", "[1..10000000]", "$pad('', 1000000)", "holder.name + 1"]
)
def test_what_does_not_end_or_fit_is_an_error_without_values(expression: str) -> None:
    with pytest.raises(ValueProblemError) as told:
        made(expression)
    assert "Ada" not in str(told.value)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(record=ANY)
def test_whatever_stands_there_there_is_a_value_or_a_reason(record: Json) -> None:
    for expression in ("a.b", "$sum(a.b)", "$string(a) & b", "a[b > 1]", "$"):
        take = from_jsonata(expression)
        try:
            first = take.value(record, record)
        except ValueProblemError:
            continue
        assert take.value(record, record) == first
