"""Contracts of sources: schemas that are right, schemas that are wrong, and what records break of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.project.conftest import ProjectFolder

HOLDER: Mapping[str, Any] = {"type": "object", "required": ["id"], "additionalProperties": True}
SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["holder", "policy"],
    "properties": {
        "holder": HOLDER,
        "policy": {
            "type": "object",
            "required": ["number", "premium"],
            "properties": {
                "number": {"type": "string", "pattern": "^P-[0-9]+$", "maxLength": 9},
                "product": {"enum": ["car", "home"]},
                "premium": {"type": "string"},
                "currency": {"type": "string"},
                "begin": {"type": "string"},
                "note": {"type": ["string", "null"]},
                "covers": {
                    "type": "array",
                    "maxItems": 3,
                    "items": {
                        "type": "object",
                        "properties": {"label": {"type": "string"}, "sum": {"$ref": "money.schema.json#/$defs/amount"}},
                    },
                },
            },
        },
    },
}
MONEY: Mapping[str, Any] = {"$defs": {"amount": {"type": "number", "minimum": 0}}}
GOOD: Mapping[str, Any] = {"holder": {"id": "K1"}, "policy": {"number": "P-1", "premium": "10.50", "covers": []}}


def _with_contract(folder: ProjectFolder, schema: Mapping[str, Any] = SCHEMA, rules: str = "") -> ProjectFolder:
    folder.write("contracts/policy.schema.json", json.dumps(schema, indent=2))
    folder.write("contracts/money.schema.json", json.dumps(MONEY))
    if rules:
        folder.write("contracts/policy.yaml", rules)
    folder.replace("xconnector.yaml", "mapping: policy}", "mapping: policy, contract: policy}")
    return folder


def _breach(folder: ProjectFolder, **policy: object) -> str | None:
    project = _with_contract(folder).load()
    contract = project.contract_of(project.feeds["policies"])
    assert contract is not None
    return contract.breach({**GOOD, "policy": {**GOOD["policy"], **policy}})


def test_a_record_that_keeps_its_contract_breaks_nothing(project_folder: ProjectFolder) -> None:
    assert _breach(project_folder) is None


BREACHES: Sequence[tuple[Mapping[str, Any], str]] = [
    ({"number": "secret-4711"}, "policy.number does not fit its pattern; policy.number is longer than 9"),
    ({"premium": 10.5}, "policy.premium is not text"),
    ({"product": "boat-4711"}, "policy.product is none of the 2 values that are promised"),
    ({"covers": [{"sum": -4711}, {"sum": -1}]}, "policy.covers[*].sum is less than 0"),
    ({"covers": [{}] * 4}, "policy.covers has more than 3 items"),
    ({"note": 4711}, "policy.note is not null or text"),
]


@pytest.mark.parametrize("policy, told", BREACHES)
def test_a_breach_names_path_and_rule_and_no_value(
    project_folder: ProjectFolder, policy: Mapping[str, object], told: str
) -> None:
    assert _breach(project_folder, **policy) == f"contract policy: {told}"


def test_a_missing_field_is_named(project_folder: ProjectFolder) -> None:
    contract = _with_contract(project_folder).load().contracts["policy"]

    assert contract.breach({"policy": {}}) == (
        "contract policy: holder is missing; policy.number is missing; policy.premium is missing"
    )


def test_names_that_nobody_promised_are_not_shown(project_folder: ProjectFolder) -> None:
    schema = {"additionalProperties": {"type": "object", "additionalProperties": False}}
    contract = _with_contract(project_folder, schema).load().contracts["policy"]

    breach = contract.breach({"anna@example.test": {"4711": 1}, "ben@example.test": 1})

    assert breach == "contract policy: * is not a group of fields; * must not be there"


def test_what_breaks_many_rules_is_told_shortly(project_folder: ProjectFolder) -> None:
    schema = {"properties": {f"f{number}": {"type": "integer"} for number in range(9)}, "additionalProperties": True}
    contract = _with_contract(project_folder, schema).load().contracts["policy"]

    assert str(contract.breach({f"f{number}": "x" for number in range(9)})).endswith("; and 4 more")


@pytest.mark.parametrize(
    "schema, told",
    [
        ('{"type": "objekt"}', "contracts/policy.schema.json:1: no JSON Schema: `type`"),
        (
            '{\n  "type": "object",\n  "maxLength": "x"\n}',
            "policy.schema.json:3: no JSON Schema: `maxLength`",
        ),
        ('{\n"pattern": "(?=a)b"}', "policy.schema.json:2: the schema cannot be used"),
        ('{"$schema": "http://json-schema.org/draft-07/schema#"}', "only JSON Schema 2020-12 is read"),
        ('{"$ref": "https://x.test/a.json"}', "`https://x.test/a.json` is no schema of this folder"),
        ('{"$ref": "../xconnector.yaml"}', "`../xconnector.yaml` is no schema of this folder"),
        ('{\n"items": {\n"$ref": "#/$defs/none"}}', "policy.schema.json:3: `#/$defs/none` leads nowhere"),
        ('{"$defs": {"a": {"$id": "https://x.test/"}}}', "`$id` inside a schema is not read"),
        ("[]", "a schema is a JSON object"),
        ('{\n"type": \n', "policy.schema.json:3: no JSON"),
        ('{"a": 1, "a": 2}', "an object has the same key twice"),
        (f'{{"description": "{"x" * 1_100_000}"}}', "more than 1048576 bytes"),
        (f"{'[' * 5000}", "nested deeper than 64"),
    ],
)
def test_a_wrong_schema_is_a_finding_with_its_line(project_folder: ProjectFolder, schema: str, told: str) -> None:
    project_folder.write("contracts/policy.schema.json", schema)

    assert any(told in finding for finding in project_folder.findings()), project_folder.findings()


@pytest.mark.parametrize(
    "rules, told",
    [
        ("bad_at_most: 7\n", "`bad_at_most`: write a percentage such as 5%"),
        ("owner: crm\nvolume:\n  within: 30\n", "contracts/policy.yaml:3: `volume.within`: write a percentage"),
        ("unique: ['a[']\n", "contracts/policy.yaml:1: path 'a['"),
        ("ownr: crm\n", "unknown key 'ownr' → did you mean 'owner'?"),
    ],
)
def test_wrong_promises_of_runs_are_findings(project_folder: ProjectFolder, rules: str, told: str) -> None:
    found = _with_contract(project_folder, rules=rules).findings()

    assert any(told in finding for finding in found), found


def test_strange_files_and_names_are_findings(project_folder: ProjectFolder) -> None:
    _with_contract(project_folder)
    project_folder.write("contracts/alone.yaml", "owner: crm\n")
    project_folder.write("contracts/policy.json", "{}")
    project_folder.replace("xconnector.yaml", "contract: policy}\n  statements", "contract: polic}\n  statements")

    alone, stray, unknown = project_folder.findings()

    assert alone.startswith("contracts/alone.yaml:1: there is no alone.schema.json beside it → add the schema")
    assert stray.startswith("contracts/policy.json:1: this file is not read → name a schema NAME.schema.json")
    assert unknown == "xconnector.yaml:13: there is no contract 'polic' → did you mean 'policy'?"


def test_a_path_that_a_mapping_reads_and_nobody_promised_is_a_finding(project_folder: ProjectFolder) -> None:
    _with_contract(project_folder)
    project_folder.replace("mappings/policy.yaml", "name: label", "name: lable")
    project_folder.replace("mappings/policy.yaml", "path: policy.begin", "path: policy.start")

    begins, label = project_folder.findings()

    assert begins.startswith(
        "mappings/policy.yaml:6: policy.start: contract 'policy' does not promise 'start' → name it"
    )
    assert begins.endswith("use one of: begin, covers, currency, note, number, premium, product")
    assert label.startswith(
        "mappings/policy.yaml:8: policy.covers[*].lable: contract 'policy' does not promise 'lable'"
    )
    assert label.endswith("did you mean 'label'?")


def test_recursive_schemas_are_walked_as_far_as_paths_lead(project_folder: ProjectFolder) -> None:
    names: Mapping[str, Any] = {"id": {"type": "string"}, "of": {"$ref": "#/$defs/group"}}
    group: Mapping[str, Any] = {"type": "object", "properties": names}
    schema: Mapping[str, Any] = {
        "properties": {"holder": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/group"}]}, "policy": True},
        "$defs": {"group": {**group, "patternProperties": {"^(first|last|street|zip|town|prefers)$": {}}}},
    }

    assert _with_contract(project_folder, schema).findings() == []


def test_promises_beside_the_schema_are_read(project_folder: ProjectFolder) -> None:
    rules = "owner: crm\nbad_at_most: 2.5%\nvolume: {least: 10, within: 30%}\nunique: [policy.number]\n"
    contract = _with_contract(project_folder, rules=rules).load().contracts["policy"].rules

    assert (contract.owner, str(contract.bad_share)) == ("crm", "0.025")
    assert contract.volume is not None
    assert contract.volume.breach(9, []) == "9 records where at least 10 are promised"
    assert [path.text for path in contract.unique] == ["policy.number"]
