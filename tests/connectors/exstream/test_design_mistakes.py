"""What a project says wrongly of a design is told with file, line and remedy."""

from pathlib import Path

import pytest

from xconnector.connectors.exstream.design import DESIGN_FILE, ExstreamDesign
from xconnector.contract.manifest import Manifest, Surroundings
from xconnector.contract.settings import ConnectorSettings
from xconnector.project.connection_settings import KnownConnection
from xconnector.project.designs import read_designs

COMPOSER = Manifest(name="exstream", summary="Composes.", settings=ConnectorSettings, design_file=DESIGN_FILE)


def findings_of(folder: Path, design: str) -> list[str]:
    file = folder / "templates" / "statement" / "exstream.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(design, encoding="utf-8")
    surroundings = Surroundings(project_folder=folder, state_folder=folder)
    connection = KnownConnection(
        name="exstream", manifest=COMPOSER, settings=ConnectorSettings(), surroundings=surroundings
    )
    designs, findings = read_designs(folder, [connection], {})
    found = designs["exstream.yaml"].get("statement")
    assert (found is None) is bool(findings)
    assert found is None or isinstance(found.settings, ExstreamDesign)
    return [str(finding) for finding in findings]


COLUMNAR = """\
driver:
  format: columnar
  encoding: cp1141
  records:
    - indicator: CUST
      fields:
        - {path: communication.id, width: 36}
        - {path: data.amount, width: 12, align: right, pad: "0", decimals: 2}
    - indicator: TRAN
      each: data.bookings
      fields:
        - {path: text, width: 48}
outputs:
  letter: {queue: archive}
"""
JSON = """\
driver:
  format: json
  fields:
    Id: communication.id
    Bookings:
      each: data.bookings
      fields:
        Text: text
        Amount: {path: amount.value, decimals: 2}
"""


SERVICES = "service: policy_issued\noutputs: {letter: {queue: archive, service: {name: letters, version: ''}}}\n"


@pytest.mark.parametrize("design", [COLUMNAR, JSON, SERVICES])
def test_a_sound_design_is_taken(tmp_path: Path, design: str) -> None:
    assert findings_of(tmp_path, design) == []


MISTAKES = [
    (COLUMNAR, "encoding: cp1141", "encoding: klingon", 3, "`driver.encoding`: must be"),
    (COLUMNAR, "width: 48", "widht: 48", 12, "unknown key 'widht'"),
    (COLUMNAR, "{path: text, width: 48}", "text", 12, "`driver.records.1.fields.0.width` is missing"),
    (COLUMNAR, "decimals: 2", "decimals: two", 8, "`driver.records.0.fields.1.decimals`"),
    (COLUMNAR, "format: columnar", "format: colum", 1, "`driver`"),
    (COLUMNAR, "path: communication.id", "path: communication..id", 7, "expected a name"),
    (
        COLUMNAR,
        "path: communication.id",
        "path: customer.key",
        1,
        "communication.id is in no field of the driver as it stands",
    ),
    (COLUMNAR, "width: 36", "width: 30, cut: true", 1, "communication.id is in no field of the driver as it stands"),
    (JSON, "Id: communication.id", "Id: {path: communication.id, date: YYYY}", 1, "is in no field of the driver as it"),
    (JSON, "Text: text", "Text: {pathh: text}", 8, "unknown key 'pathh'"),
    (JSON, "Text: text", "Text: 'te['", 8, "has no ]"),
    (JSON, "decimals: 2", "decimals: 2, each: data.x", 9, "write one of `path`, `constant`"),
    (JSON, "Id: communication.id", "Id: customer.key", 1, "communication.id is in no field of the driver as it stands"),
]


@pytest.mark.parametrize("design, old, new, line, said", MISTAKES, ids=[new for _, _, new, _, _ in MISTAKES])
def test_a_mistake_is_told_with_its_line(tmp_path: Path, design: str, old: str, new: str, line: int, said: str) -> None:
    assert old in design

    findings = findings_of(tmp_path, design.replace(old, new, 1))

    assert any(f"exstream.yaml:{line}" in finding and said in finding for finding in findings), findings


def test_what_only_follows_from_a_mistake_is_not_told(tmp_path: Path) -> None:
    (finding,) = findings_of(tmp_path, COLUMNAR.replace("width: 36", "width: wide", 1))

    assert "`driver.records.0.fields.0.width`" in finding
