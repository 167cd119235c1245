import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from tests.project.conftest import ProjectFolder
from xconnector.project.schema import project_schemas, write_schemas
from xconnector.project.tables.files import read_table_file, table_bytes

EXAMPLES = Path(__file__).parents[2] / "src" / "xconnector" / "examples"
PLACES = {
    "project.schema.json": "xconnector.yaml",
    "communication.schema.json": "communications/*.yaml",
    "mapping.schema.json": "mappings/*.yaml",
    "tests.schema.json": "tests/*.yaml",
    "table.schema.json": "tables/*.json",
    "exstream.design.schema.json": "templates/*/exstream.yaml",
}
DESIGN = """\
communication: 3f0c2f5e-8a37-4b52-9a55-6f0f6a3b8b10
data_source: ${DATA_SOURCE:-PolicyDriver}
driver:
  format: columnar
  encoding: cp1141
  records:
    - indicator: CUST
      fields: [{path: communication.id, width: 36}]
outputs:
  letter: {queue: archive}
"""
TABLE = """\
{"table": "policy_issued", "hit": "first",
 "inputs": [{"name": "x", "type": "number step 0.01", "domain": "-"}],
 "outputs": [{"name": "route", "type": "text", "values": "-"}],
 "rows": [{"id": "R1", "when": {"x": "> 5"}, "then": {"route": "print"}, "from": "2026-01-01"}]}
"""


def mistakes(folder: Path, schema: str) -> Iterator[str]:
    validator = jsonschema_rs.validator_for(project_schemas()[schema])
    for path in folder.glob(PLACES[schema]):
        content = cast("Any", YAML(typ="safe", pure=True)).load(path)
        yield from (error.message for error in validator.iter_errors(content))


@pytest.mark.parametrize("schema", PLACES)
def test_what_loads_fits_the_schema(project_folder: ProjectFolder, schema: str) -> None:
    project_folder.write("templates/policy_issued/exstream.yaml", DESIGN)
    project_folder.write("tables/policy_issued.json", TABLE)

    assert list(mistakes(project_folder.folder, schema)) == []


@pytest.mark.parametrize(
    "schema, old, new",
    [
        ("project.schema.json", "url:", "adress:"),
        ("project.schema.json", "connector: embedded", "connector: embeded"),
        ("project.schema.json", "rate: 2", "rates: 2"),
        ("project.schema.json", "key: [account]", "key: []"),
        ("exstream.design.schema.json", "driver:", "drivers:"),
        ("exstream.design.schema.json", "format: columnar", "format: columns"),
        ("exstream.design.schema.json", "width: 36", "wide: 36"),
        ("exstream.design.schema.json", "letter:", "letters:"),
        ("table.schema.json", '"hit": "first"', '"hit": "last"'),
        ("table.schema.json", '"from": "2026-01-01"', '"form": "2026-01-01"'),
        ("table.schema.json", '"from": "2026-01-01"', '"from": "1.1.2026"'),
        ("table.schema.json", "number step 0.01", "cents"),
        ("table.schema.json", '"> 5"', "5"),
        ("table.schema.json", '"table": "policy_issued", ', ""),
    ],
)
def test_what_does_not_load_does_not_fit(project_folder: ProjectFolder, schema: str, old: str, new: str) -> None:
    project_folder.write("templates/policy_issued/exstream.yaml", DESIGN)
    project_folder.write("tables/policy_issued.json", TABLE)
    project_folder.replace(PLACES[schema].replace("*", "policy_issued"), old, new)

    assert list(mistakes(project_folder.folder, schema)) != []


def test_schemas_are_written_for_editors(tmp_path: Path) -> None:
    write_schemas(tmp_path / "schemas")

    written = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "schemas").iterdir()}
    assert written == project_schemas()


@pytest.mark.parametrize(
    "file", sorted(EXAMPLES.glob("*/tables/*.md")), ids=lambda file: f"{file.parts[-3]}-{file.stem}"
)
def test_every_table_that_is_written_as_json_fits_the_schema(file: Path) -> None:
    found, wrong = read_table_file(file)
    assert found is not None, wrong

    said = json.loads(table_bytes(found.table, form=".json"))

    validator = jsonschema_rs.validator_for(project_schemas()["table.schema.json"])
    assert [error.message for error in validator.iter_errors(said)] == []
