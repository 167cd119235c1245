import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from xconnector.project.mapping import Mapped, MappingError, RecordMapping
from xconnector.project.mapping_text import SOURCE_WORDS, parse_mapping
from xconnector.project.transforms import TRANSFORM_NAMES
from xconnector.project.yaml_file import read_yaml

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
RECORD: Mapping[str, Any] = {
    "id": "K1",
    "text": "  Ä  b ",
    "blank": "  ",
    "nothing": None,
    "cents": 12345,
    "german": "1.234,50",
    "swiss": "1'234.50",
    "behind": "12,50-",
    "day": "7.3.26",
    "stamp": "2020-10-07T00:00:00-04:00",
    "reference": "Patient/4711",
    "note": "terms##delivery",
    "flag": "J",
    "sex": "F",
    "many": "a; b;;c",
    "amount": {"@currencyID": "EUR", "#text": "20.73"},
    "currency": "CHF",
    "lines": [
        {"name": "One", "amount": {"@currencyID": "EUR", "#text": "1.10"}, "parts": {"no": 1}},
        {"name": "Two", "amount": {"@currencyID": "EUR", "#text": "2.20"}, "parts": [{"no": 2}, {"no": 3}]},
    ],
    "days": 20788,
    "moment": 1796083200000,
    "before": -1,
    "wanted": "3",
    "first": "Ada",
    "last": "Lovelace",
}


def mapping(folder: Path, text: str) -> RecordMapping:
    (folder / "m.yaml").write_text(text, encoding="utf-8")
    file, wrong = read_yaml(folder / "m.yaml", "m.yaml")
    assert file is not None, wrong
    found, wrong = parse_mapping("m", file)
    assert found is not None, wrong
    return found


def mapped(folder: Path, field: str, record: Mapping[str, Any] = RECORD) -> object:
    return mapping(folder, f"customer: id\nfields:\n  x: {field}\n").apply(record).data["x"]


@pytest.mark.parametrize(
    "field, value",
    [
        ("currency", "CHF"),
        ("blank", None),
        ("nothing", None),
        ("absent.deep", None),
        ("amount", "20.73"),
        ("amount.@currencyID", "EUR"),
        ("lines[*].name", ["One", "Two"]),
        ("{const: [a, 1]}", ["a", 1]),
        ("{path: absent, default: x}", "x"),
        ("{path: 'absent[*]', default: x}", "x"),
        ("{first: [absent, blank, last, first]}", "Lovelace"),
        ("{first: [absent, {const: x}]}", "x"),
        ("{join: [first, absent, last]}", "Ada Lovelace"),
        ("{join: [first, last], with: ', '}", "Ada, Lovelace"),
        ("{join: [absent]}", None),
        ("{list: [first, absent, 'lines[*].name']}", ["Ada", "One", "Two"]),
        ("{sum: 'lines[*].amount'}", "3.30"),
        ("{sum: 'absent[*].amount'}", None),
        ("{count: 'lines[*]'}", 2),
        ("{count: 'absent[*]'}", 0),
        ("{each: absent, fields: {n: name}}", []),
        ("{each: lines, fields: {n: name, c: /currency, p: 'parts[*].no'}}",
         [{"n": "One", "c": "CHF", "p": [1]}, {"n": "Two", "c": "CHF", "p": [2, 3]}]),
        ("{each: lines, fields: {a: {each: parts, fields: {no: no}}}}",
         [{"a": [{"no": 1}]}, {"a": [{"no": 2}, {"no": 3}]}]),
        ("{each: 'lines[*].name', fields: {n: .}}", [{"n": "One"}, {"n": "Two"}]),
        ("{path: amount, currency: amount.@currencyID}", {"amount": "20.73", "currency": "EUR"}),
        ("{path: absent, currency: amount.@currencyID}", None),
        ("{path: cents, then: [{divide: 100}], currency: {const: EUR}}", {"amount": "123.45", "currency": "EUR"}),
        ("{path: text, then: [strip]}", "Ä  b"),
        ("{path: text, then: [squeeze, lower]}", "ä b"),
        ("{path: last, then: upper}", "LOVELACE"),
        ("{path: german, then: [{decimal: ','}]}", "1234.50"),
        ("{path: swiss, then: [decimal]}", "1234.50"),
        ("{path: behind, then: [{decimal: ','}, negate]}", "12.50"),
        ("{path: day, then: [{date: [YYYY-MM-DD, D.M.YY]}]}", "2026-03-07"),
        ("{path: stamp, then: [date]}", "2020-10-07"),
        ("{path: reference, then: [{after: /}]}", "4711"),
        ("{path: last, then: [{after: /}]}", "Lovelace"),
        ("{path: note, then: [{before: '##'}]}", "terms"),
        ("{path: flag, then: [{yes: [J, 1]}]}", True),
        ("{path: sex, then: [{yes: [J, 1]}]}", False),
        ("{path: sex, then: [{lookup: {M: Herr, F: Frau}}]}", "Frau"),
        ("{path: sex, then: [{lookup: {M: Herr, '*': null}}]}", None),
        ("{path: sex, then: [{lookup: {M: Herr, '*': null}}], default: Divers}", "Divers"),
        ("{path: many, then: [{split: ';'}]}", ["a", "b", "c"]),
        ("{path: many, then: [{split: ';'}, upper, {join: '+'}]}", "A+B+C"),
        ("{path: last, then: [{prefix: 'Frau '}, {suffix: '!'}]}", "Frau Lovelace!"),
        ("{path: cents, then: [text]}", "12345"),
        ("{path: 'lines[*].amount', then: [{divide: 10}]}", ["0.11", "0.22"]),
        ("{path: sex, then: [{blank: [M, F]}, date]}", None),
        ("{path: sex, then: [{blank: M}, lower]}", "f"),
        ("{group: 'lines[0].parts'}", {"no": 1}),
        ("{group: absent}", None),
        ("{path: days, then: [{epoch: days}]}", "2026-12-01"),
        ("{path: moment, then: [{epoch: milliseconds}]}", "2026-12-01"),
        ("{path: before, then: [{epoch: seconds}]}", "1969-12-31"),
        ("{path: stamp, then: [{epoch: days}]}", "2020-10-07"),
        ("{path: last, then: [date], on_error: missing}", None),
        ("{path: last, then: [date], on_error: missing, default: never}", "never"),
        ("{first: [{path: last, then: [date], on_error: missing}, {path: stamp, then: [date]}]}", "2020-10-07"),
        ("{path: 'lines[parts[*].no=/wanted].name'}", "Two"),
        ("{path: 'lines[parts[*].no!=/wanted].name'}", "One"),
        ("{path: 'lines[parts[*].no=/absent].name'}", None),
    ],
)  # fmt: skip
def test_a_field_comes_as_it_is_described(tmp_path: Path, field: str, value: object) -> None:
    assert mapped(tmp_path, field) == value


@pytest.mark.parametrize(
    "field, told",
    [
        ("{path: absent, required: true}", "x: absent is missing"),
        ("{path: blank, required: true}", "x: blank is missing"),
        ("lines", "x: lines is a group of fields"),
        ("lines.name", "x: path 'lines.name' leads through a list before 'name'"),
        ("{path: last, then: [date]}", "x: last is no date such as 2026-12-31"),
        ("{path: last, then: [{date: DD.MM.YYYY}]}", "x: last is no date written as DD.MM.YYYY"),
        ("{path: last, then: [decimal]}", "x: last is no number with decimal mark"),
        ("{path: last, then: [{lookup: {a: b}}]}", "x: last is not listed"),
        ("{path: last, then: [{divide: 100}]}", "x: last is no number"),
        ("{path: last, then: [{epoch: days}]}", "x: last is no date"),
        ("{path: moment, then: [{epoch: days}]}", "x: moment is no day of the years"),
        ("{sum: last}", "x: last holds something that is no number"),
        ("{each: lines, fields: {n: {path: absent, required: true}}}", "x: absent is missing"),
    ],
)
def test_an_error_names_field_and_path_and_never_the_value(tmp_path: Path, field: str, told: str) -> None:
    with pytest.raises(MappingError) as refused:
        mapped(tmp_path, field)

    assert told in str(refused.value)
    assert "Lovelace" not in str(refused.value)


def test_all_fields_that_cannot_be_had_are_told_at_once(tmp_path: Path) -> None:
    text = "customer: nobody\nfields: {a: lines, b: {path: absent, required: true}}\n"

    with pytest.raises(MappingError, match=r"mapping m: a: .*; b: absent is missing; customer: nobody is missing"):
        mapping(tmp_path, text).apply(RECORD)


@pytest.mark.parametrize("key", ["NaN", " null ", "None", "N/A", "NaT", "undefined"])
def test_a_key_that_names_nobody_is_no_customer(tmp_path: Path, key: str) -> None:
    made = mapping(tmp_path, "customer: id\nkey: text\nfields: {}\n")

    with pytest.raises(MappingError, match=r"^mapping m: customer: id names nobody"):
        made.apply({**RECORD, "id": key})
    with pytest.raises(MappingError, match="customer: id names nobody"):
        made.customer_of({"id": key})
    assert [made.customer_of({"id": one}) for one in ("0", "test")] == ["0", "test"]


def test_what_the_record_leaves_empty_it_says_nothing_about(tmp_path: Path) -> None:
    said = "{last_name: last, city: blank, title: absent}"
    text = f"customer: id\nkey: [id, currency]\nfields: {{}}\ncustomer_fields: {said}\n"

    assert mapping(tmp_path, text).apply(RECORD) == Mapped(
        customer_key="K1", data={}, customer_fields={"last_name": "Lovelace"}, source_key="K1/CHF"
    )


def test_what_a_record_holds_is_shown_nowhere(tmp_path: Path) -> None:
    assert "Lovelace" not in repr(mapping(tmp_path, "customer: id\nfields: {n: last}\n").apply(RECORD))


@pytest.mark.parametrize(
    "text, told",
    [
        ("fields: {}", "m.yaml:1: `customer` does not say where it comes from"),
        ("customer: id", "m.yaml:1: `fields` must name fields"),
        ("customer: id\nfields: {a: {path: b, currecny: c}}", "m.yaml:2: unknown key 'currecny' → did you mean"),
        ("customer: id\nfields: {a: {path: b, const: c}}", "m.yaml:2: `a` needs exactly one of path, const"),
        ("customer: id\nfields: {a: {path: b, with: c}}", "m.yaml:2: `with` belongs to `join`"),
        ("customer: id\nfields: {a: {each: b}}", "m.yaml:2: `fields` must name fields"),
        ("customer: id\nfields: {a: {join: b}}", "m.yaml:2: `join` needs a list"),
        ("customer: id\nfields: {a: {path: 'b['}}", "m.yaml:2: `path`: path 'b['"),
        ("customer: id\nfields: {a: {path: b, then: [{date: MM.YYYY}]}}", "date format 'MM.YYYY': write day"),
        ("customer: id\nfields: {a: {path: b, then: [{decimal: ;}]}}", "write {decimal"),
        ("customer: id\nfields: {a: {path: b, then: [{divide: 3}]}}", "write {divide: 100}, or another power of ten"),
        ("customer: id\nfields: {a: {path: b, then: [{yes: J}, {lookup: x}]}}", "write {lookup"),
        ("customer: id\nfields: {a: {path: b, required: 1}}", "`required` is true or false"),
        ("customer: id\nfields: {}\nfelds: {}", "m.yaml:3: unknown key 'felds' → did you mean 'fields'?"),
        ("[a]", "m.yaml:1: a mapping has the keys"),
        ("customer: id\nfields: {a: {path: b, then: [{epoch: weeks}]}}", "write {epoch: days}, or one of"),
        ("customer: id\nfields: {a: {path: b, on_error: ignore}}", "m.yaml:2: `on_error` is missing or reject"),
        ("for: ubl\ncustomer: id\nfields: {}", "m.yaml:1: `for` must say which records"),
        ("for: {format: ubl, when: x}\ncustomer: id\nfields: {}", "unknown key 'when'"),
        ("for: {format: ubl, where: {'a[': x}}\ncustomer: id\nfields: {}", "path 'a['"),
        ("for: {format: ubl, where: {a: []}}\ncustomer: id\nfields: {}", "`a` does not say what must stand there"),
    ],
)
def test_a_mapping_that_is_wrongly_written_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    file, _ = read_yaml(tmp_path / "m.yaml", "m.yaml")
    assert file is not None

    found, wrong = parse_mapping("m", file)

    assert found is None
    assert told in "\n".join(str(finding) for finding in wrong)


def test_the_guide_explains_every_word_of_the_language() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "mappings.md").read_text(encoding="utf-8")

    assert [word for word in (*TRANSFORM_NAMES, *SOURCE_WORDS) if not re.search(rf"`\{{?{word}\b", guide)] == []


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real FHIR resources do not lie beside the repository")
def test_a_real_explanation_of_benefit_can_be_mapped(tmp_path: Path) -> None:
    path = SAMPLES / "fhir" / "ExplanationOfBenefit_88897664101-HNXXXTTTUUU645987.json"
    eob = mapping(
        tmp_path,
        """\
customer: {path: patient.reference, then: [{after: /}]}
fields:
  paid: {path: 'total[category.coding[0].code=benefit].amount.value', currency: 'total[0].amount.currency'}
  served_on: {path: billablePeriod.start, then: [date]}
  items:
    each: item
    fields:
      code: productOrService.coding[0].code
      paid: adjudication[category.coding[0].code=benefit].amount.value
""",
    )

    found = eob.apply(json.loads(path.read_text(encoding="utf-8")))

    assert found.customer_key == "88897664101"
    assert found.data == {
        "paid": {"amount": 29.46, "currency": "USD"},
        "served_on": "2020-10-07",
        "items": [{"code": "11730", "paid": 29.46}],
    }


@pytest.mark.parametrize(
    "where, takes",
    [
        ("{}", True),
        ("{currency: CHF}", True),
        ("{currency: [EUR, CHF]}", True),
        ("{currency: EUR}", False),
        ("{'lines[*].name': Two}", True),
        ("{last: '*', first: Ada}", True),
        ("{absent: '*'}", False),
        ("{lines: '*', amount: '*'}", True),
        ("{nothing: '*'}", False),
        ("{lines.name: One}", False),
    ],
)
def test_a_mapping_says_which_records_it_takes(tmp_path: Path, where: str, takes: bool) -> None:
    made = mapping(tmp_path, f"for: {{format: ubl, where: {where}}}\ncustomer: id\nfields: {{}}\n")

    assert made.use is not None
    assert made.use.takes(RECORD) is takes


def test_a_wish_for_one_category_or_communication_is_a_field_of_the_customer(tmp_path: Path) -> None:
    text = "customer: id\nfields: {}\ncustomer_fields: {preference.billing: currency, preference: sex}\n"

    assert mapping(tmp_path, text).apply(RECORD).customer_fields == {"preference.billing": "CHF", "preference": "F"}
