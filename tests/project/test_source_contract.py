"""Whatever a record is: it keeps its contract, or is told by path and rule, and no value of it is shown."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from tests.project.conftest import ProjectFolder
from xconnector.project.contract_files import compile_contract
from xconnector.project.source_contract import RunRules
from xconnector.project.testing import run_tests

SECRET = "Zürich-4711"
NAMES = st.sampled_from(["a", "b", "c"])
KINDS = ["array", "boolean", "integer", "null", "number", "object", "string"]
RULES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(KINDS) | st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique=True),
        "enum": st.lists(st.integers(0, 2) | st.just("x"), min_size=1, max_size=2),
        "const": st.booleans(),
        "minLength": st.integers(0, 20), "maxLength": st.integers(0, 5), "pattern": st.sampled_from(["^x", "(a+)+$"]),
        "format": st.sampled_from(["date", "date-time", "email", "uuid", "uri", "ipv4", "regex", "unknown"]),
        "minimum": st.integers(-9, 9), "exclusiveMaximum": st.integers(-9, 9), "multipleOf": st.sampled_from([2, 0.5]),
        "minItems": st.integers(0, 2), "maxItems": st.integers(0, 1), "uniqueItems": st.booleans(),
        "minProperties": st.integers(0, 2), "maxProperties": st.integers(0, 1),
        "required": st.lists(NAMES, max_size=2, unique=True),
        "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=2, unique=True), max_size=1),
    },
)  # fmt: skip


def _around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    either = st.booleans() | inner
    several = st.lists(inner, min_size=1, max_size=2)
    words: dict[str, st.SearchStrategy[Any]] = {
        "properties": st.dictionaries(NAMES, either, max_size=3), "additionalProperties": either, "items": either,
        "unevaluatedProperties": either, "unevaluatedItems": either, "propertyNames": inner, "contains": inner,
        "anyOf": several, "oneOf": several, "allOf": several, "not": inner, "if": inner, "then": inner, "else": inner,
        "patternProperties": st.dictionaries(st.just("^z"), either, max_size=1), "prefixItems": several,
    }  # fmt: skip
    return st.builds(_together, RULES, st.fixed_dictionaries({}, optional=words))


def _together(rules: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    return {**rules, **more}


SCHEMAS = st.recursive(RULES, _around, max_leaves=6)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.just(SECRET)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.just(SECRET), inner, max_size=3)
)
RECORDS = st.dictionaries(NAMES | st.just(SECRET) | st.just("z"), VALUES, max_size=4)


@settings(max_examples=60)
@given(SCHEMAS, st.lists(RECORDS, min_size=1, max_size=3))
def test_every_record_keeps_its_contract_or_is_told_without_a_value(
    schema: dict[str, Any], records: list[dict[str, Any]]
) -> None:
    contract = compile_contract("any", schema, RunRules())
    plain = Draft202012Validator(schema, validate_formats=True)

    for record in records:
        breach = contract.breach(record)
        assert (breach is None) is plain.is_valid(record) is contract.is_kept(record)
        if breach is not None:
            assert breach.startswith("contract any: ")
            assert len(breach) > len("contract any: ")
            assert "4711" not in breach


@pytest.mark.parametrize("number", ["1e400", str(10**400), "-0.0", "0.1"])
def test_numbers_of_any_size_are_judged(number: str) -> None:
    contract = compile_contract("any", {"properties": {"a": {"type": "number", "maximum": 10}}}, RunRules())
    value = int(number) if number.isdigit() else float(number)

    assert (contract.breach({"a": value}) is None) is (value <= 10)


def test_a_test_whose_record_breaks_the_contract_says_so(project_folder: ProjectFolder) -> None:
    schema = '{"properties": {"policy": {"required": ["agent"]}, "holder": {}}}'
    project_folder.write("contracts/policy.schema.json", schema)
    project_folder.replace("xconnector.yaml", "mapping: policy}", "mapping: policy, contract: policy}")

    (result,) = run_tests(project_folder.load())

    assert result.differences == ("contract policy: policy.agent is missing",)
