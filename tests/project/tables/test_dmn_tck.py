"""The decision tables of OMG's DMN TCK: what is imported answers as the TCK expects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from lxml import etree

from xconnector.domain.decision.deciding import decide_all
from xconnector.domain.decision.table import DecisionTable, HitPolicy
from xconnector.project.tables.files import understood
from xconnector.project.tables.foreign import our_name
from xconnector.project.tables.safe_xml import XmlElement

TCK = Path(__file__).parents[4] / "shared" / "vectors" / "dmn_tck" / "compliance-level-2"
NAMES = sorted(folder.name for folder in TCK.iterdir() if folder.is_dir()) if TCK.is_dir() else ["none"]
IN = "{http://www.omg.org/spec/DMN/20160719/testcase}"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"

pytestmark = pytest.mark.skipif(
    not TCK.is_dir(),
    reason="needs level 2 of the DMN TCK in ../shared/vectors/dmn_tck, which is not in this repository",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    inputs: Mapping[str, object]
    expected: object


def asked(folder: Path, decision: str) -> Iterator[Asked]:
    for file in sorted(folder.glob("*-test-*.xml")):
        for case in etree.parse(file).getroot().iterfind(f"{IN}testCase"):
            inputs = {our_name(one.get("name", "")): value(one) for one in case.iterfind(f"{IN}inputNode")}
            for result in case.iterfind(f"{IN}resultNode"):
                expected = result.find(f"{IN}expected")
                if result.get("name") == decision and expected is not None:
                    yield Asked(inputs=inputs, expected=value(expected))


def value(element: XmlElement) -> object:
    if (listed := element.find(f"{IN}list")) is not None:
        return [value(item) for item in listed]
    if components := element.findall(f"{IN}component"):
        return {our_name(one.get("name", ""), is_output=True): value(one) for one in components}
    said = element.find(f"{IN}value")
    if said is None or said.text is None:
        return None
    match said.get(TYPE, "").split(":")[-1]:
        case "decimal" | "double" | "integer":
            return Decimal(said.text)
        case "boolean":
            return said.text == "true"
        case _:
            return said.text


def answered(table: DecisionTable, inputs: Mapping[str, object]) -> object:
    told = [
        match.outputs if len(match.outputs) > 1 else next(iter(match.outputs.values()))
        for match in decide_all(table, inputs)
    ]
    return told if table.hit is HitPolicy.COLLECT else told[0]


def in_any_order(told: object) -> object:
    """Return what is collected so that it compares: COLLECT promises no order."""
    return sorted(map(str, cast("list[object]", told))) if isinstance(told, list) else told


@pytest.mark.parametrize("name", NAMES)
def test_what_is_imported_answers_as_the_tck_expects(name: str) -> None:
    folder = TCK / name
    content = (folder / f"{name}.dmn").read_bytes()
    if b"decisionTable" not in content:
        pytest.skip("no decision table")
    found, wrong = understood("", f"{name}.dmn", content, form=".dmn")
    if found is None:
        # Aggregation, and a default beside rows that are collected.
        assert all("aggregates" in one.message or "a default beside" in one.message for one in wrong), wrong
        return
    table = etree.fromstring(content).find(".//{*}decisionTable")
    decision = None if table is None else table.getparent()
    assert table is not None
    assert decision is not None
    cases = [*asked(folder, decision.get("name", ""))]

    assert cases
    for case in cases:
        said, expected = answered(found.table, case.inputs), case.expected
        if table.get("hitPolicy") == "COLLECT":
            said, expected = in_any_order(said), in_any_order(expected)
        assert said == expected
