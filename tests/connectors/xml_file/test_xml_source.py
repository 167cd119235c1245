import gc
import resource
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.connectors.xml_file.settings import XmlFileSettings
from xconnector.connectors.xml_file.source import xml_source
from xconnector.contract.errors import PermanentError
from xconnector.domain.event import BadRecord, SourceRecord

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "ubl"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def settings(**said: object) -> XmlFileSettings:
    return XmlFileSettings.model_validate({"element": "S", "key": ["Id"], **said})


def written(folder: Path, content: bytes | str) -> Path:
    path = folder / "run.xml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path, **said: object) -> list[SourceRecord | BadRecord]:
    return list(xml_source(settings(**said)).read(path, source="invoices", event_type="due"))


def test_a_record_is_a_mapping_of_its_children(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        f"""{HEAD}<!-- a run --><R xmlns:x="urn:x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
        <x:S n="1"><x:Id> 7 </x:Id><x:A c="EUR">1.5</x:A><x:L>a<!-- c -->b</x:L><x:L>c</x:L>
        <x:E/><x:N xsi:nil="true"/><x:M>text <b>bold</b> more</x:M></x:S></R>""",
    )

    (record,) = read(path)

    assert isinstance(record, SourceRecord)
    assert record.data == {
        "@n": "1",
        "Id": "7",
        "A": {"@c": "EUR", "#text": "1.5"},
        "L": ["ab", "c"],
        "E": "",
        "N": None,
        "M": {"b": "bold", "#text": "text  more"},
    }
    assert (record.source_key, record.position) == ("7", 1)
    assert record.payload.startswith(b"<x:S")


def test_the_document_element_may_be_the_record(tmp_path: Path) -> None:
    (record,) = read(written(tmp_path, "<S><Id>1</Id><S><Id>inner</Id></S></S>"))

    assert isinstance(record, SourceRecord)
    assert record.data == {"Id": "1", "S": {"Id": "inner"}}


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real UBL invoices do not lie beside the repository")
def test_real_invoices_are_read_whole() -> None:
    for path in sorted(SAMPLES.glob("*.xml")):
        (record,) = read(path, element="Invoice", key=["ID"])

        assert isinstance(record, SourceRecord)
        assert "LegalMonetaryTotal" in record.data


@pytest.mark.parametrize(
    "content, told",
    [
        ("<R><S><Id>1</Id></S><S><Id>2</Id>", "cut off after 1 whole records"),
        ("<R><S><Id>1</Id></S>", "cut off after 1 whole records"),
        ("", "cut off"),
        ("<R><S><Id>1</Wrong></S></R>", "not well-formed XML \\(tag name mismatch\\)"),
        ("<R><S><Id>&ref;</Id></S></R>", "not well-formed"),
        ('<!DOCTYPE R [<!ENTITY a "b">]><R><S><Id>&a;</Id></S></R>', "document type"),
        (f'{HEAD}\n<!-- x --><?p?>\n<!DOCTYPE R SYSTEM "http://evil.test/r.dtd"><R/>', "document type"),
        ('<!DOCTYPE R [<!ENTITY a "b">]><R><S><Id>&a;</Id></S></R>'.encode("utf-16"), "document type"),
        (b'<?xml version="1.0" encoding="UTF-8"?><R><S><Id>J\xf6</Id></S></R>', "not well-formed"),
        ("<R><S><Id>1</Id>" + "<a>" * 200 + "</a>" * 200 + "</S></R>", "nested deeper than 64"),
        ("<R><H/><T/></R>", "has no element S"),
        ("<R><S><Id>1</Id><T>" + "x" * 5_000_000 + "</T></S></R>", "record 1 has more than"),
    ],
)
def test_a_file_that_is_broken_or_hostile_is_refused_as_a_whole(
    tmp_path: Path, content: bytes | str, told: str
) -> None:
    path = written(tmp_path, content)

    with pytest.raises(PermanentError, match=told) as refused:
        xml_source(settings()).totals(path)
    assert "run.xml" in str(refused.value)


def test_a_million_laughs_take_no_memory(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    attack = f'<!DOCTYPE R [<!ENTITY a0 "ha">{entities}]><R t="&a11;"><S><Id>&a11;</Id></S></R>'

    with pytest.raises(PermanentError, match="document type"):
        read(written(tmp_path, attack))


def test_a_record_that_does_not_end_stops_the_file_before_it_fills_memory(tmp_path: Path) -> None:
    path = written(tmp_path, "<R><S><Id>1</Id><T>" + "<y/>" * 100_000 + "</T></S></R>")

    with pytest.raises(PermanentError, match=r"line 1: record 1 has more than 1000 bytes; raise `record_limit:`"):
        xml_source(settings(record_limit=1_000)).totals(path)


def test_a_record_above_its_cap_is_set_aside_and_the_rest_passes(tmp_path: Path) -> None:
    long = f"<S><Id>2</Id><T>{'x' * 500}</T></S>"

    first, bad, third = read(written(tmp_path, f"<R><S><Id>1</Id></S>{long}<S><Id>3</Id></S></R>"), record_limit=400)

    assert isinstance(bad, BadRecord)
    assert bad.reason == "line 1: the record has more than 400 bytes"
    assert (first.source_key, third.source_key) == ("1", "3")


def test_records_behind_the_trailer_stop_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, '<R><S><Id>1</Id></S><Trailer records="1"/><S><Id>2</Id></S></R>')

    with pytest.raises(PermanentError, match="records follow the trailer"):
        read(path, control={"kind": "trailer"})


def test_a_run_without_records_is_an_empty_run(tmp_path: Path) -> None:
    assert read(written(tmp_path, "<Statements/>")) == []


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "big.xml"
    with path.open("w") as file:
        file.write("<R>")
        for number in range(150_000):
            file.write(f"<S><Id>{number}</Id><A>{'x' * 200}</A></S>\n")
        file.write("</R>")
    source = xml_source(settings())
    records = source.read(path, source="s", event_type="e")
    for _ in range(10_000):
        next(records)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert sum(1 for _ in records) == 140_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8_000


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=12)


@given(texts=st.lists(TEXT, max_size=10))
def test_no_record_is_lost_or_doubled_whatever_it_holds(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    body = "".join(f"<S><Id>{at}</Id><T>{escape(text)}</T></S>" for at, text in enumerate(texts))
    path = written(tmp_path_factory.mktemp("xml"), f"<R>{body}</R>")

    found = read(path)

    assert [(record.source_key, record.data["T"]) for record in found if isinstance(record, SourceRecord)] == [
        (str(at), text.strip()) for at, text in enumerate(texts)
    ]
    assert xml_source(settings()).totals(path).records == len(texts)


@given(content=st.binary(max_size=300))
def test_whatever_the_bytes_totals_and_records_agree_or_both_refuse(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = written(tmp_path_factory.mktemp("xml"), b"<R><S><Id>1</Id></S>" + content + b"</R>")

    try:
        counted = xml_source(settings()).totals(path).records
    except PermanentError:
        with pytest.raises(PermanentError):
            read(path)
        return
    assert len(read(path)) == counted


def test_children_of_an_element_may_be_the_records_whatever_they_are_called(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "<ACORD><Head><Id>0</Id></Head><Svc><RqUID>1</RqUID><Add><Id>2</Id><In><Id>3</Id></In></Add>"
        "<Change><Id>4</Id></Change></Svc><Svc><Add><Id>5</Id></Add></Svc></ACORD>",
    )

    found = read(path, element="Svc/*", key=["Id"])

    assert [one.data for one in found if isinstance(one, SourceRecord)] == [
        {"Id": "2", "In": {"Id": "3"}, "#element": "Add"},
        {"Id": "4", "#element": "Change"},
        {"Id": "5", "#element": "Add"},
    ]
    assert [one.position for one in found] == [1, 2, 3]
