"""Files are known by how they begin."""

from pathlib import Path

import pytest

from xconnector.contract.recognition import HEAD, RecognisedFile
from xconnector.contract.registry import connector_names, manifest

SAMPLES = Path(__file__).parents[1] / "mappings" / "samples"


def recognised(head: bytes) -> RecognisedFile | None:
    found = [
        one
        for name in connector_names()
        if (known := manifest(name).recognition) is not None and (one := known.recognise(head[:HEAD])) is not None
    ]
    certain = [one for one in found if one.is_certain]
    assert len(certain) <= 1
    return next(iter([*certain, *found]), None)


@pytest.mark.parametrize("file", sorted(path.name for path in SAMPLES.iterdir()))
def test_a_sample_is_known_by_its_name_and_by_its_content(file: str) -> None:
    found = recognised((SAMPLES / file).read_bytes())

    assert found is not None
    assert file.startswith(found.format)


@pytest.mark.parametrize(
    "head, form, settings",
    [
        (b'{"resourceType": "Patient", "id": "1"}\n{"resourceType": "Patient"}\n', "fhir", {"layout": "lines"}),
        (b'{\n "resourceType": "Patient"\n}', "fhir", {"layout": "document"}),
        (b'{"id": "1", "meta": {"a": [1]}, "resourceType": "Coverage"}', "fhir", {"layout": "lines"}),
        (
            b'{"type": "batch", "resourceType": "Bundle", "entry": []}',
            "fhir",
            {"layout": "list", "list": "entry", "inside": "resource"},
        ),
        (b'[{"resourceType": "Patient"}]', "fhir", {"layout": "list"}),
        (b'{"specversion": "1.0", "data": {}}', "cloudevents", {"layout": "lines", "inside": "data"}),
        (
            b'{"before": null, "after": {}, "source": {}, "op": "c"}',
            "debezium",
            {"layout": "lines", "change_events": True},
        ),
        (b'{"schema": {}, "payload": null}', "debezium", {"layout": "lines", "change_events": True}),
        (b'null\n{"op": "c"}\n', "debezium", {"change_events": True}),
        (b'\xef\xbb\xbf{"a": 1}\n', "json", {"layout": "lines"}),
        (b'{"a": "broken\n{"a": 1}\n', "json", {"layout": "lines"}),
        (b'<?xml version="1.0"?><!-- <Invoice> --><a><b/></a>', "xml", {"element": "a"}),
        ('<?xml version="1.0" encoding="UTF-16"?><a/>'.encode("utf-16"), "xml", {"element": "a"}),
        (
            b'<Envelope><u:Invoice xmlns:u="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/></Envelope>',
            "ubl",
            {"element": "Invoice"},
        ),
        (b'<Invoice xmlns="urn:mine"/>', "xml", {"element": "Invoice"}),
        (b"<ACORD><InsuranceSvcRs><X/></InsuranceSvcRs></ACORD>", "acord", {"element": "InsuranceSvcRs/*"}),
        (b"<TXLife><TXLifeResponse/></TXLife>", "acord_life", {"element": "TXLifeResponse"}),
        (b"a,b\n1,2\n", "csv", {"delimiter": ",", "encoding": "utf-8"}),
        (b"a;b\n1,5;2,5\n", "csv", {"delimiter": ";", "encoding": "utf-8"}),
        ("a\tGröße\n1\t2\n".encode("windows-1252"), "csv", {"delimiter": "\t", "encoding": "windows-1252"}),
        (b"a,b\n1,2\n1,2,3\n4,5\n", "csv", {"delimiter": ",", "encoding": "utf-8"}),
        (b"\r\nISA*00*", "x12", {}),
    ],
)
def test_a_file_is_known_by_its_beginning(head: bytes, form: str, settings: dict[str, object]) -> None:
    found = recognised(head)

    assert found is not None
    assert (found.format, dict(found.settings)) == (form, settings)


@pytest.mark.parametrize(
    "head", [b"", b"\0\1\2\3", b"PK\3\4", b"%PDF-1.7\n", b"Dear Ada,\nhello\n", b"ISABELLA\nBO\n", b"<<<", b"<a.b/>"]
)
def test_other_files_are_none_of_ours(head: bytes) -> None:
    assert recognised(head) is None


def test_a_head_may_end_anywhere() -> None:
    for sample in SAMPLES.iterdir():
        content = sample.read_bytes()
        for end in range(0, min(len(content), 3_000), 7):
            recognised(content[:end])
