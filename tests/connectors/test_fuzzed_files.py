"""Hostile files: whatever stands in them, every reader comes to an end, and says of each record what became of it."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.file_edits import EDITS, Edit, edited, many
from xconnector.contract.errors import PermanentError
from xconnector.contract.file_source import FileRecord, FileSource
from xconnector.contract.manifest import Surroundings
from xconnector.contract.recognition import HEAD
from xconnector.contract.registry import connector_names, manifest

EXAMPLES = 10_000
# Far above what a mutated sample of a few kilobytes needs, far below what a hang takes.
LONGEST = 5.0
SAMPLES = Path(__file__).parents[1] / "mappings" / "samples"

READERS: Mapping[str, tuple[str, str, Mapping[str, object]]] = {
    "xml": ("xml_file", "ubl_invoice.xml", {"element": "Invoice", "key": ["ID"]}),
    "xml children": ("xml_file", "acord_policy.xml", {"element": "InsuranceSvcRq/*", "key": ["RqUID"]}),
    "csv": ("csv_file", "csv_customer.csv", {"key": ["customer_id"], "delimiter": ";"}),
    "json lines": ("jsonl_file", "json_customer.json", {"key": ["customer_id"]}),
    "json document": ("jsonl_file", "fhir_bundle.json", {"key": ["id"], "layout": "document"}),
    "json list": (
        "jsonl_file",
        "fhir_bundle.json",
        {"key": ["id"], "layout": "list", "list": "entry", "inside": "resource"},
    ),
    "change events": ("jsonl_file", "debezium_change.jsonl", {"key": ["op"], "change_events": True}),
    "x12 835": ("x12_file", "x12_835_claim.835", {}),
    "x12 277": ("x12_file", "x12_277_status.277", {}),
    "x12 834": ("x12_file", "x12_834_member.834", {}),
    "fixed width": (
        "fixed_width_file",
        "fixed_width_customer.txt",
        {"key": ["id"], "columns": {"id": "1-12", "name": "13-30"}, "may_be_short": True},
    ),
}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="xc-fuzz-"))
    yield made
    shutil.rmtree(made)


def examples_of(connector: str) -> int:
    """Return how many files each reader of a connector gets, so that the connector gets ten thousand."""
    return -(-EXAMPLES // sum(name == connector for name, _, _ in READERS.values()))


def source_of(connector: str, said: Mapping[str, object], folder: Path) -> FileSource:
    found = manifest(connector)
    assert found.run_source is not None
    source = found.run_source(
        found.settings.model_validate(said), Surroundings(project_folder=folder, state_folder=folder)
    )
    assert isinstance(source, FileSource)
    return source


@pytest.mark.slow
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("reader", READERS)
def test_mutated_files_end_in_records_and_named_rejections(reader: str, folder: Path) -> None:
    connector, sample, said = READERS[reader]
    source = source_of(connector, said, folder)
    whole = (SAMPLES / sample).read_bytes()
    path = folder / "run"

    @many(examples_of(connector))
    @given(edits=EDITS)
    def prove(edits: list[Edit]) -> None:
        path.write_bytes(edited(whole, edits))
        prove_readable(source, path)

    prove()


@pytest.mark.parametrize("reader", READERS)
@given(content=st.binary(max_size=400))
def test_noise_ends_in_records_and_named_rejections(reader: str, folder: Path, content: bytes) -> None:
    connector, _, said = READERS[reader]
    path = folder / "noise"
    path.write_bytes(content)

    prove_readable(source_of(connector, said, folder), path)


@pytest.mark.parametrize("connector", [name for name in connector_names() if manifest(name).recognition is not None])
@given(content=st.binary(max_size=600), edits=EDITS, sample=st.sampled_from(sorted(SAMPLES.iterdir())))
def test_a_file_is_recognised_or_not_but_nothing_breaks(
    connector: str, content: bytes, edits: list[Edit], sample: Path
) -> None:
    known = manifest(connector)
    assert known.recognition is not None
    for head in (content, edited(sample.read_bytes(), edits)[:HEAD]):
        found = known.recognition.recognise(head)

        if found is not None:
            assert found.format in known.recognition.formats
            key = next(iter(found.settings.get("columns", {"a": "1"})))  # pyright: ignore[reportArgumentType, reportUnknownArgumentType, reportUnknownVariableType, reportCallIssue] - whatever a connector says
            known.settings.model_validate({**found.settings, "key": [key]})


@pytest.mark.parametrize(
    "piece",
    [
        b"<a ",
        b"<!--",
        b"<a xmlns:x='",
        b'{"a":',
        b'"',
        b"\\",
        b"[",
        b"{",
        b"a,",
        b'a,"',
        b"ISA*",
        b"*~",
        b"   \t",
        b"a b ",
    ],
)
def test_no_recognition_hangs_on_what_never_ends(piece: bytes) -> None:
    for first in (b"", b"<", b"{", b"[", b"a b\n"):
        head = (first + piece * HEAD)[:HEAD]
        begun = monotonic()
        for name in connector_names():
            known = manifest(name)
            if known.recognition is not None:
                known.recognition.recognise(head)
        assert monotonic() - begun < LONGEST


def prove_readable(source: FileSource, path: Path) -> None:
    begun = monotonic()
    last = 0
    refused = ""
    try:
        for record in source.records(path):
            assert record.position > last
            last = record.position
            prove_told(record)
    except PermanentError as error:
        refused = f"{error}"
    assert not refused or path.name in refused
    assert monotonic() - begun < LONGEST


def prove_told(record: FileRecord) -> None:
    """Prove that a record can be kept, or says where it stands and why it cannot."""
    if record.data is not None:
        prove_storable(dict(record.data))
    if record.wrong or record.data is None:
        assert record.wrong
        assert any(word in record.wrong for word in ("line", "segment"))


def prove_storable(value: Any) -> None:  # noqa: ANN401 - any JSON
    """Prove that PostgreSQL can keep a value: no NUL, no half of a surrogate pair."""
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            assert "\0" not in one
            one.encode()
        elif isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
