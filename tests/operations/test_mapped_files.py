"""What a mapping makes of files."""

import os
import resource
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.file_edits import EDITS, Edit, edited, many
from xconnector.operations.mapped_files import (
    MappedFilesError,
    MappedRecord,
    choose_mapping,
    known_formats,
    map_files,
)
from xconnector.project.findings import ProjectError

SAMPLES = Path(__file__).parents[1] / "mappings" / "samples"
OWN = "customer: number\nfields: {name: {first: [nick, name]}, paid_on: {path: paid, then: [date]}}\n"
PROJECT = """\
project: acme
connections:
  accounts:
    connector: fixed_width_file
    key: [number]
    columns: {number: 1-4, name: 5-12, paid: 13-22}
  secret: {connector: smtp, password: "${NOBODY_SET_THIS}"}
feeds:
  other: {event: a, mapping: other}
  accounts: {event: com.acme.account, mapping: own, connection: accounts}
"""


def project(folder: Path, **files: str) -> Path:
    (folder / "mappings").mkdir()
    for name, text in {"own": OWN, **files}.items():
        (folder / "mappings" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def written(folder: Path, content: str, name: str = "run.txt") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def mapped(folder: Path, content: str, name: str = "own") -> list[MappedRecord]:
    return list(map_files([written(folder, content)], choose_mapping(name, folder, {})))


def test_a_projects_mapping_is_used_by_its_name_on_what_is_recognised(tmp_path: Path) -> None:
    [record] = mapped(project(tmp_path), '{"number": 7, "name": "Ada", "paid": "2026-10-05"}\n')

    assert record == MappedRecord(
        verified=[],
        file=str(tmp_path / "run.txt"),
        position=1,
        format="json",
        mapping="own",
        key=None,
        customer="7",
        fields={"name": "Ada", "paid_on": "2026-10-05"},
        lineage={"name": "name", "paid_on": "paid", "customer": "number"},
    )


def test_a_projects_mapping_reads_by_the_connection_of_its_feed(tmp_path: Path) -> None:
    (project(tmp_path) / "xconnector.yaml").write_text(PROJECT, encoding="utf-8")

    first, bad, third = mapped(tmp_path, "7   Ada     2026-10-05\n8   Bo\n9   Eva     2026-10-06\n")

    assert (first.format, first.customer, first.fields["name"]) == ("fixed_width", "7", "Ada")
    assert (bad.position, bad.mapping, bad.error) == (
        2,
        "own",
        "line 2: it has 6 characters where its columns end at 22",
    )
    assert third.customer == "9"


def test_a_projects_mapping_goes_before_a_shipped_one_of_its_name(tmp_path: Path) -> None:
    project(tmp_path, ubl_invoice=OWN)

    [record] = mapped(tmp_path, '{"number": 7}\n', "ubl_invoice")

    assert record.fields == {"name": None, "paid_on": None}


def test_a_shipped_mapping_may_be_named(tmp_path: Path) -> None:
    [record] = mapped(tmp_path, '{"id": "P1", "name": [{"family": "Sommer"}]}\n', "fhir_patient")

    assert (record.mapping, record.format) == ("fhir_patient", "json")
    assert record.error == "mapping fhir_patient: key: resourceType is missing"


def test_a_mapping_that_nobody_has_is_told_with_those_like_it(tmp_path: Path) -> None:
    with pytest.raises(MappedFilesError, match="there is no mapping 'ubl_invoise': did you mean 'ubl_invoice'"):
        choose_mapping("ubl_invoise", tmp_path, {})
    with pytest.raises(MappedFilesError, match="there is no mapping"):
        choose_mapping("../secret", project(tmp_path), {})


def test_a_projects_mapping_that_is_wrong_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"bad\.yaml:2: unknown key 'felds'"):
        choose_mapping("bad", project(tmp_path, bad="customer: a\nfelds: {}\n"), {})


def test_rejected_records_are_named_and_the_rest_passes(tmp_path: Path) -> None:
    lines = ['{"number": 1}', "{broken", '{"number": 2, "paid": "soon"}', '{"name": "x"}', '{"number": 3}']

    found = mapped(project(tmp_path), "\n".join(lines) + "\n")

    assert [(one.position, one.customer) for one in found] == [(1, "1"), (2, None), (3, None), (4, None), (5, "3")]
    assert [one.error for one in found if one.error] == [
        "line 2: no JSON: Expecting property name enclosed in double quotes at line 1, column 2",
        "mapping own: paid_on: paid is no date such as 2026-12-31",
        "mapping own: customer: number is missing",
    ]
    assert all(not one.fields and not one.lineage for one in found if one.error)


def test_a_file_that_cannot_be_read_has_one_line_and_the_next_file_follows(tmp_path: Path) -> None:
    files = [
        written(tmp_path, "PK\3\4", "a.zip"),
        written(tmp_path, "<!DOCTYPE x []><x/>", "b.xml"),
        tmp_path / "absent",
        written(tmp_path, "id,first_name\n1,Ada\n", "c.csv"),
    ]

    *refused, taken = map_files(files, None)

    assert [one.position for one in refused] == [None] * 3
    assert [one.format for one in refused] == [None, "xml", None]
    assert "none of the formats" in (refused[0].error or "")
    assert "document type" in (refused[1].error or "")
    assert "absent cannot be read" in (refused[2].error or "")
    assert (taken.customer, taken.customer_fields) == ("1", {"first_name": "Ada"})


def test_a_name_that_is_no_utf_8_is_shown_as_well_as_can_be(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv"))
    path.write_text("id,first_name\n1,Ada\n", encoding="utf-8")

    [record] = map_files([path], None)

    assert record.file == f"{tmp_path}/?.csv"


def test_no_error_shows_what_a_customer_owns(tmp_path: Path) -> None:
    content = '{"number": "Sämann-7291", "paid": "Sämann-7291"}\n{"number": {"Sämann-7291": 1}}\nSämann-7291\n'

    assert not [one for one in mapped(project(tmp_path), content) if "Sämann" in f"{one.error} {one!r}"]


def test_formats_are_told_once_each() -> None:
    names = [form.name for form in known_formats()]

    assert names == sorted({*names})
    assert {"ubl", "cii", "fhir", "x12", "idoc", "acord", "debezium", "csv", "fixed_width"} <= {*names}


@pytest.mark.slow
@pytest.mark.parametrize(
    "begin, each, end",
    [
        ("id,first_name\n", "{number},Ada\n", ""),
        ("", '{{"id": {number}, "first_name": "Ada"}}\n', ""),
        (
            '{{"resourceType": "Bundle", "entry": [{{}}',
            ',{{"resource": {{"resourceType": "Patient", "id": "{number}"}}}}',
            "]}}",
        ),
    ],
)
def test_memory_does_not_grow_with_a_file(tmp_path: Path, begin: str, each: str, end: str) -> None:
    def taken(records: int) -> int:
        path = tmp_path / "large"
        with path.open("w", encoding="utf-8") as file:
            file.write(begin.format())
            file.writelines(each.format(number=number) for number in range(records))
            file.write(end.format())
        found = sum(one.error is None for one in map_files([path], None))
        assert found == records
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    small = taken(2_000)

    assert taken(30_000) - small < 8_192  # kilobytes


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_whatever_becomes_of_a_sample_each_record_is_mapped_or_named(tmp_path: Path) -> None:
    path = tmp_path / "run"
    encode = msgspec.json.Encoder().encode

    @many(10_000)
    @given(sample=st.sampled_from(sorted(SAMPLES.iterdir())), edits=EDITS)
    def prove(sample: Path, edits: list[Edit]) -> None:
        path.write_bytes(edited(sample.read_bytes(), edits))
        for record in map_files([path], None):
            assert bool(record.error) is not bool(record.lineage)
            assert encode(record)

    prove()
