"""Conditions on triggers: what they say, what is found in them before they are used, and what they cannot answer."""

import operator
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.project.conftest import ProjectFolder
from xconnector.project.condition import Condition, ConditionError
from xconnector.project.condition_proof import refuse_failing
from xconnector.project.condition_text import ConditionSpellingError, parse_condition
from xconnector.project.data_contract import parse_contract
from xconnector.project.testing import run_tests
from xconnector.project.trigger import asked_for

FIELDS = parse_contract(
    {
        "kind": "text",
        "note": "text?",
        "amount": "money",
        "rate": "number",
        "count": "integer",
        "paid": "bool",
        "due": "date",
        "parts": [{"name": "text", "limit": "money?"}],
        "tags": ["text"],
    }
).fields
DATA: Mapping[str, Any] = {
    "kind": "x",
    "note": None,
    "amount": {"amount": "1000.50", "currency": "EUR"},
    "rate": "0.1",
    "count": "3",
    "paid": "true",
    "due": "2026-07-01",
    "parts": [{"name": "a", "limit": "5"}, {"name": "b", "limit": None}],
    "tags": ["new"],
    "free": "as mapped",
    "score": 7,
}


def condition(text: str) -> Condition:
    found = parse_condition(text, FIELDS)
    refuse_failing(found)
    return found


@pytest.mark.parametrize(
    "text, holds",
    [
        ("data.amount > 1000.0 && data.kind == 'x'", True),
        ("data.amount > 1000.5", False),
        ("data.amount >= 1000.50", True),
        ("data.amount > 1000", True),
        ("data.rate == 0.1", True),
        ("data.count == 3 && data.count < 3.5", True),
        ("data.count * 2 == 6", True),
        ("data.rate * 10.0 == 1.0", True),
        ("data.paid && !(data.kind == 'y')", True),
        ("data.due >= '2026-07-01' && data.due < '2026-08-01'", True),
        ("has(data.note) && data.note == 'x'", False),
        ("!has(data.note)", True),
        ("data.kind in ['x', 'y']", True),
        ("'new' in data.tags", True),
        ("data.parts.exists(part, part.name == 'b')", True),
        ("data.parts.all(part, !has(part.limit) || part.limit < 6.0)", True),
        ("data.parts.exists_one(part, part.name == data.kind) || size(data.parts) == 2", True),
        ("data.kind.matches('^[a-z]$')", True),
        ("data.free == 'as mapped' && data.score > 6", True),
        ("data.kind == 'x' ? data.paid : false", True),
        ("data.kind == '//' || data.kind == \"a 'b' c\" || data.paid", True),
    ],
)
def test_a_condition_holds_or_not(text: str, holds: bool) -> None:
    assert condition(text).holds(DATA) is holds


@pytest.mark.parametrize(
    "text, said, remedy",
    [
        ("data.amount >", "the condition is not understood in line 1 of it, character 14", "write an expression"),
        ("data.amount > 1000,50", "the condition is not understood in line 1", "write an expression"),
        ("amount > 1.0", "there is nothing called 'amount'", "write data.amount"),
        ("data.kind.startWith('x')", "there is no function 'startWith'", "did you mean 'startsWith'?"),
        ("data == 5", "`data` stands without a field", "write data.<field>"),
        ("data['kind'] == 'x'", "`data` stands without a field", "write data.<field>"),
        ("data.kind.all(data, true)", "`data` stands without a field", "write data.<field>"),
        ("1 == 1", "the condition looks at no field", "write data.<field>, or leave it out"),
        (".data.kind == 'x'", "the condition looks at no field", "write data.<field>, or leave it out"),
        ("data.kind == null", "nothing is ever null", "write has(data.field)"),
        ("data.kind == 'x' // as agreed", "the condition is not understood at character 19", "write texts as"),
        ("data.kind == r'x'", "the condition is not understood at character 15", "write texts as"),
        ("data.kind == '''x'''", "the condition is not understood at character 16", "write texts as"),
        ("data.count == 0x1F", "the condition is not understood at character 16", "write texts as"),
        ("data.kind == `x`", "the condition is not understood at character 14", "write fields, numbers"),
        ("data.kind == 'x", "the condition is not understood at character 14", "write fields, numbers"),
        ("data.amount > 1234567890123456.0", "the number 1234567890123456.0 has more than 15 digits", "write it with"),
        ("data.kind.matches(data.free)", "`matches` needs a pattern", "write data.field.matches('^[A-Z]+$')"),
        ("data.kind.matches('(')", "'(' is no pattern", "write one such as"),
        (
            "data.parts.exists(one, data.parts.exists(other, one.name == other.name))",
            "a list is looked through inside another",
            "look through one after the other",
        ),
        ("size(data.tags.filter(tag, tag == 'x')) > 1", "there is no function 'filter'", "use one of"),
        (
            "data.tags.all(tag, tag in data.free)",
            "data.free would be looked at for every item of a list",
            "declare free under `data:` as a single value",
        ),
        (
            "data.parts.all(part, data.tags == ['new'])",
            "data.tags would be looked at for every item of a list",
            "declare tags under `data:` as a single value",
        ),
        ("data.kind == 5", "data.kind is never 5: it is declared as text", "compare it with 'text'"),
        ("'5' == data.count", "data.count is never '5': it is declared as integer", "compare it with 1000"),
        ("data.kind in ['x', 7]", "data.kind is never 7: it is declared as text", "compare it with 'text'"),
        ("data.paid == 'true'", "data.paid is never 'true': it is declared as bool", "compare it with true"),
        (
            "data.due > '1.7.2026'",
            "data.due is never '1.7.2026': it is declared as date",
            "compare it with '2026-12-31'",
        ),
        ("data.note == 'x'", "data.note may be missing, and then the condition has no answer", "write has(data.note)"),
        ("data.parts.exists(one, one.lmit > 1.0)", "no record of a list has a field 'lmit' always", "declare it"),
        ("data.amount * 2 > 5.0", "the condition puts together what is of different types", "data.amount is a double"),
        (
            "data.kind + data.count == 'x3'",
            "the condition puts together what is of different types",
            "data.kind is a text",
        ),
        ("data.free.startsWith('a') && data.free > 5", "the condition puts together", "data.free is not declared"),
        ("data.kind", "the condition answers with something else than true or false", "compare it"),
        ("data.kind == '" + "x" * 1000 + "'", "the condition has more than 1000 characters", "decide by a table"),
    ],
)
def test_what_is_wrong_is_found_before_it_is_used(text: str, said: str, remedy: str) -> None:
    with pytest.raises(ConditionSpellingError) as wrong:
        condition(text)

    assert str(wrong.value).startswith(said)
    assert wrong.value.remedy.startswith(remedy)


@pytest.mark.parametrize(
    "text, data, said",
    [
        ("data.kind == 'x'", {"kind": None}, "data.kind is missing"),
        ("data.kind == 'x'", {}, "data.kind is missing"),
        ("data.amount > 1.0", {"amount": "secret"}, "data.amount is not an amount such as 1234.50"),
        ("data.due > '2026-01-01'", {"due": "secret"}, "data.due is not a date such as 2026-12-31"),
        ("data.amount > 1.0", {"amount": "1234567890.1234567"}, "data.amount has more than 15 digits"),
        ("data.score > 1", {"score": 10**15}, "data.score has more than 15 digits"),
        ("data.score > 1", {"score": "secret"}, "it looks at data.score: one is of another kind than it is used as"),
        ("int(data.kind) > 1", {"kind": "secret"}, "it looks at data.kind: one is of another kind than it is used as"),
        ("data.count / (data.count - 5) > 1", {"count": 5}, "it looks at data.count: one is of another kind"),
        ("size(data.tags) > 1", {"tags": ["x"] * 50_001}, "data.tags has more than 50000 items"),
        ("size(data.free) > 1", {"free": [{"a": [1] * 50_000}]}, "data.free has more than 50000 items"),
        ("data.kind == 'x'", {"kind": "secret" * 20_000}, "data.kind has more than 100000 characters"),
        ("data.tags[0] == 'x'", {"tags": []}, "it looks at data.tags: one is of another kind than it is used as"),
    ],
)
def test_what_cannot_be_answered_is_no_no(text: str, data: Mapping[str, Any], said: str) -> None:
    with pytest.raises(ConditionError) as wrong:
        condition(text).holds(data)

    assert str(wrong.value).startswith(said)
    assert "secret" not in str(wrong.value)
    assert wrong.value.__cause__ is None


def test_a_field_that_need_not_be_looked_at_may_be_wrong() -> None:
    found = condition("data.kind == 'x' && data.amount > 1.0")

    assert found.holds({"kind": "y", "amount": "much"}) is False


# -------------------------------------------------------- against a plain evaluation


@dataclass(frozen=True)
class Said:
    """An expression twice: as CEL, and as a function of plain values."""

    text: str
    holds: Callable[[Mapping[str, Any]], bool]


COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
VALUES: Mapping[str, tuple[Any, ...]] = {
    "kind": ("x", "y", "it's", "ä"),
    "amount": (0.1, 0.3, 1000.0, 1000.5, -2.0),
    "count": (-3, 0, 7),
    "due": ("2026-06-30", "2026-07-01"),
}


def literal(value: object) -> str:
    return '"' + value + '"' if isinstance(value, str) else str(value)


def comparison(name: str, sign: str, value: object) -> Said:
    compare = COMPARISONS[sign]
    return Said(f"data.{name} {sign} {literal(value)}", lambda data: compare(data[name], value))


def listed(name: str, values: list[Any]) -> Said:
    return Said(f"data.{name} in [{', '.join(map(literal, values))}]", lambda data: data[name] in values)


def guarded(value: str) -> Said:
    return Said(
        f"(has(data.note) && data.note == {literal(value)})",
        lambda data: data["note"] is not None and data["note"] == value,
    )


LEAVES = st.one_of(
    *(
        st.builds(comparison, st.just(name), st.sampled_from([*COMPARISONS]), st.sampled_from(values))
        for name, values in VALUES.items()
    ),
    *(
        st.builds(listed, st.just(name), st.lists(st.sampled_from(values), min_size=1, max_size=3))
        for name, values in VALUES.items()
    ),
    st.just(Said("data.paid", lambda data: data["paid"])),
    st.builds(guarded, st.sampled_from(VALUES["kind"])),
)


def negated(one: Said) -> Said:
    return Said(f"!({one.text})", lambda data: not one.holds(data))


def both(one: Said, other: Said) -> Said:
    return Said(f"({one.text}) && ({other.text})", lambda data: one.holds(data) and other.holds(data))


def either(one: Said, other: Said) -> Said:
    return Said(f"({one.text}) || ({other.text})", lambda data: one.holds(data) or other.holds(data))


def chosen(one: Said, other: Said, third: Said) -> Said:
    return Said(
        f"({one.text}) ? ({other.text}) : ({third.text})",
        lambda data: other.holds(data) if one.holds(data) else third.holds(data),
    )


EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(negated, inner),
        st.builds(both, inner, inner),
        st.builds(either, inner, inner),
        st.builds(chosen, inner, inner, inner),
    ),
    max_leaves=6,
)
RECORDS = st.fixed_dictionaries(
    {
        **{name: st.sampled_from(values) for name, values in VALUES.items()},
        "paid": st.booleans(),
        "note": st.none() | st.sampled_from(VALUES["kind"]),
    }
)


@settings(deadline=None)
@given(EXPRESSIONS, st.lists(RECORDS, min_size=1, max_size=8))
def test_a_condition_agrees_with_a_plain_evaluation(said: Said, records: list[dict[str, Any]]) -> None:
    found = condition(said.text)

    for record in records:
        as_mapped = {
            **record,
            "amount": {"amount": str(record["amount"]), "currency": "EUR"},
            "count": str(record["count"]),
        }
        assert found.holds(as_mapped) is said.holds(record)


PARTS = [
    *"()[]!?:.,+-*/%<>'\"\\ \n\0",
    *("&&", "||", "==", "in", "has", "size", "true", "null", "1", "2.5", "'a'", "9999999999999", "ä"),
    *("data", ".kind", ".parts", "data.count", "data.kind", ".exists(x, ", "x", ".matches('(a+)+')"),
]


@settings(deadline=None, max_examples=500)
@given(st.lists(st.sampled_from(PARTS), max_size=30))
def test_any_text_is_a_condition_or_refused(parts: list[str]) -> None:
    with suppress(ConditionSpellingError, ConditionError):
        condition("".join(parts)).holds(DATA)


@pytest.mark.parametrize(
    "text",
    [
        "data.tags.exists(tag, tag == 'absent')",
        "data.tags.all(tag, !data.kind.contains(tag))",
        "data.kind.matches('^(a|aa)+$')",
        " && ".join(["data.tags.all(tag, tag != 'absent')"] * 5),
        "!" * 900 + "data.paid",
    ],
)
def test_the_longest_record_is_looked_through_in_time(text: str) -> None:
    found = condition(text)
    data = {"tags": ["tag"] * 50_000, "kind": "a" * 99_999 + "b", "paid": True}

    begun = perf_counter()
    found.holds(data)

    # Many times what it takes: the machine may be busy with other things.
    assert perf_counter() - begun < 10


# ------------------------------------------------------------------- in a project

FILE = "communications/policy_issued.yaml"
ON = "on: {event: com.acme.policy.issued, where: {product: [car, home]}}"


def with_condition(project_folder: ProjectFolder, text: str) -> None:
    project_folder.replace(FILE, ON, ON.removesuffix("}") + f', condition: "{text}"' + "}")


@pytest.mark.parametrize(
    "text, told",
    [
        ("data.premium >", "the condition is not understood in line 1 of it, character 15"),
        (
            "data.premum > 5.0",
            "the condition looks at data.premum: mapping 'policy' has no such field → did you mean 'premium'?",
        ),
        ("data.premium > '5'", "data.premium is never '5': it is declared as money → compare it with 1000.0"),
        ("data.note == 'x'", "data.note may be missing, and then the condition has no answer → write has(data.note)"),
    ],
)
def test_a_wrong_condition_is_found_with_file_and_line(project_folder: ProjectFolder, text: str, told: str) -> None:
    with_condition(project_folder, text)

    found = project_folder.findings()

    assert found
    assert all(re.match(re.escape(f"{FILE}:2: {told}"), finding) for finding in found)


def test_an_event_asks_for_a_communication_whose_condition_holds(project_folder: ProjectFolder) -> None:
    with_condition(project_folder, "data.premium > 10.0 && size(data.covers) == 0")
    project = project_folder.load()

    def asked(**data: object) -> int:
        return len(asked_for(project, "com.acme.policy.issued", {"product": "car", "covers": [], **data}))

    assert asked(premium={"amount": "10.50", "currency": "EUR"}) == 1
    assert asked(premium={"amount": "10", "currency": "EUR"}) == 0
    assert asked(premium={"amount": "10.50"}, covers=[{"name": "fire", "limit": "5"}]) == 0
    assert asked(product="boat", premium="much") == 0


def test_a_condition_without_an_answer_names_communication_and_field(project_folder: ProjectFolder) -> None:
    with_condition(project_folder, "data.premium > 10.0")

    with pytest.raises(ConditionError) as wrong:
        asked_for(project_folder.load(), "com.acme.policy.issued", {"product": "car", "premium": "much"})

    assert str(wrong.value) == (
        "the condition of communication 'policy_issued' cannot be answered: "
        "data.premium is not an amount such as 1234.50"
    )


def test_a_projects_own_test_tells_that_there_is_no_answer(project_folder: ProjectFolder) -> None:
    with_condition(project_folder, "data.premium > 10.0")
    project_folder.replace("tests/policies.yaml", 'premium: "10.50"', "premium: much")

    (result,) = run_tests(project_folder.load())

    assert "the condition of communication 'policy_issued' cannot be answered" in result.differences[0]
