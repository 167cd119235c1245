from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from xconnector.connectors.csv_file.settings import CsvFileSettings
from xconnector.connectors.csv_file.source import csv_source
from xconnector.contract.errors import PermanentError
from xconnector.domain.event import BadRecord, SourceRecord


def settings(**said: object) -> CsvFileSettings:
    return CsvFileSettings.model_validate({"key": ["account"], **said})


def written(folder: Path, content: bytes | str) -> Path:
    path = folder / "run.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path, **said: object) -> list[SourceRecord | BadRecord]:
    return list(csv_source(settings(**said)).read(path, source="statements", event_type="due"))


def test_a_record_is_its_cells_by_header_and_its_bytes(tmp_path: Path) -> None:
    (record,) = read(written(tmp_path, 'account,text\r\nK1,"Grüße, ""alle"""\r\n'))

    assert isinstance(record, SourceRecord)
    assert record.data == {"account": "K1", "text": 'Grüße, "alle"'}
    assert record.payload == 'K1,"Grüße, ""alle"""'.encode()
    assert (record.source_key, record.position, record.event_type) == ("K1", 2, "due")


def test_key_columns_are_joined(tmp_path: Path) -> None:
    (record,) = read(written(tmp_path, "account,period\nK1,2026-11\n"), key=["account", "period"])

    assert record.source_key == "K1/2026-11"


def test_a_cell_may_hold_line_breaks_and_its_bytes_are_kept(tmp_path: Path) -> None:
    first, second = read(written(tmp_path, 'account,text\nK1,"two\nlines"\nK2,x\n'))

    assert first.payload == b'K1,"two\nlines"'
    assert (first.position, second.position) == (2, 4)


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    (record,) = read(written(tmp_path, b"\xef\xbb\xbfaccount,text\nK1,x\n"))

    assert isinstance(record, SourceRecord)


@pytest.mark.parametrize(
    "row, reason",
    [
        ("K2", "line 3: 1 cells where the header has 2 columns"),
        ("K2,x,y", "line 3: 3 cells"),
        (",x", "line 3: the record has no key: account is empty"),
        ('"K2"x,y', "line 3: it is wrongly quoted"),
        ("K2,\0", "line 3: it holds a NUL byte"),
        (f"K2,{'x' * 300}", "line 3: it has more than 200 bytes"),
    ],
)
def test_a_row_that_cannot_be_read_is_set_aside_and_the_rest_passes(tmp_path: Path, row: str, reason: str) -> None:
    path = written(tmp_path, f"account,text\nK1,x\n{row}\nK3,x\n")

    first, bad, third = read(path, line_limit=200)

    assert isinstance(bad, BadRecord)
    assert bad.reason.startswith(reason)
    assert bad.payload
    assert (first.source_key, third.source_key) == ("K1", "K3")


@pytest.mark.parametrize(
    "content, told",
    [
        (b"", "no readable header"),
        (b"a;account\nK1;x\n", "column account is missing"),
        (b"account,account\nK1,x\n", "column account stands there twice"),
        (b"\xff\xfea\0c\0", "is UTF-16"),
        (b"account,text\nK1,x\nK2,J\xf6rdis\n", "line 3: byte 23 of the file is not utf-8"),
        (b'account,text\nK1,"never closed\nK2,x\n', "line 2: a quote opened in this row"),
        (b'account,text\nK1,"' + b"x" * 70_000 + b"\nK2,x\n", "line 2: a quote opened in this row"),
        (b'account,text\nK1,"' + b"x\n" * 70_000 + b"K2,x\n", "line 2: a quote opened in this row"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_line_and_remedy(tmp_path: Path, content: bytes, told: str) -> None:
    path = written(tmp_path, content)

    with pytest.raises(PermanentError, match=told) as refused:
        csv_source(settings()).totals(path)
    with pytest.raises(PermanentError, match=told):
        read(path)
    assert "run.csv" in str(refused.value)


def test_a_key_has_a_cap(tmp_path: Path) -> None:
    (bad,) = read(written(tmp_path, f"account\n{'K' * 501}\n"))

    assert isinstance(bad, BadRecord)
    assert bad.reason == "line 2: the record's key has more than 500 characters"


def test_another_encoding_is_read_when_it_is_named(tmp_path: Path) -> None:
    (record,) = read(written(tmp_path, "account,text\nK1,Jördis\n".encode("windows-1252")), encoding="windows-1252")

    assert isinstance(record, SourceRecord)
    assert record.data["text"] == "Jördis"


def test_rows_behind_the_trailer_stop_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "account\nK1\nTRAILER,1\nK2\n")

    with pytest.raises(PermanentError, match="line 4: rows follow the trailer in line 3"):
        read(path, control={"kind": "trailer"})


def test_amounts_with_decimal_comma_are_summed_exactly(tmp_path: Path) -> None:
    path = written(tmp_path, 'account;amount\nK1;1.000,10\nK2;0,20\nTRAILER;2;"1.000,30"\n')
    control = {"kind": "trailer", "sums": ["amount"], "decimal_mark": ","}
    source = csv_source(settings(delimiter=";", control=control))

    assert source.totals(path).sums == {"amount": Decimal("1000.30")}
    assert source.declared(path) == source.totals(path)


def test_columns_that_the_connection_names_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="column city is missing"):
        read(written(tmp_path, "account,text\nK1,x\n"), columns=["city"])


def test_key_and_grouped_columns_are_different_ones() -> None:
    with pytest.raises(ValidationError, match="cannot be in"):
        settings(group={"name": "rows", "columns": ["account"]})


class TestGroups:
    SAID = {"group": {"name": "rows", "columns": ["text", "amount"]}}  # noqa: RUF012 - read only

    def test_consecutive_rows_of_one_key_are_one_record(self, tmp_path: Path) -> None:
        path = written(tmp_path, "account,name,text,amount\nK1,Ann,a,1\nK1,Ann,b,2\nK2,Ben,c,3\n")

        first, second = read(path, **self.SAID)

        assert isinstance(first, SourceRecord)
        assert first.data == {
            "account": "K1",
            "name": "Ann",
            "rows": [{"text": "a", "amount": "1"}, {"text": "b", "amount": "2"}],
        }
        assert first.payload == b"K1,Ann,a,1\nK1,Ann,b,2"
        assert (first.position, second.position) == (2, 4)

    def test_records_are_counted_and_all_rows_are_summed(self, tmp_path: Path) -> None:
        path = written(tmp_path, "account,text,amount\nK1,a,1.5\nK1,b,2\nK2,c,3\nTRAILER,2,6.5\n")
        source = csv_source(settings(**self.SAID, control={"kind": "trailer", "sums": ["rows[*].amount"]}))

        assert source.declared(path) == source.totals(path)
        assert source.totals(path).records == 2

    def test_a_row_that_contradicts_the_first_spoils_its_record_only(self, tmp_path: Path) -> None:
        path = written(tmp_path, "account,name,text,amount\nK1,Ann,a,1\nK1,Bea,b,2\nK2,Ben,c,3\n")

        bad, good = read(path, **self.SAID)

        assert isinstance(bad, BadRecord)
        assert bad.reason == "line 3: name differs from the record's first row"
        assert bad.source_key == "K1"
        assert isinstance(good, SourceRecord)

    def test_a_row_that_cannot_be_read_spoils_both_its_neighbours(self, tmp_path: Path) -> None:
        path = written(tmp_path, "account,text,amount\nK1,a,1\nbroken\nK2,c,3\nK3,d,4\n")

        before, behind, third = read(path, **self.SAID)

        assert isinstance(before, BadRecord)
        assert b"broken" in before.payload
        assert isinstance(behind, BadRecord)
        assert "row before it" in behind.reason
        assert isinstance(third, SourceRecord)

    def test_a_first_row_that_cannot_be_read_is_kept_too(self, tmp_path: Path) -> None:
        first, second = read(written(tmp_path, "account,text,amount\nbroken\nK1,a,1\n"), **self.SAID)

        assert isinstance(first, BadRecord)
        assert isinstance(second, BadRecord)

    def test_a_record_beyond_its_cap_is_set_aside(self, tmp_path: Path) -> None:
        rows = "".join(f"K1,text {number},1\n" for number in range(50))

        bad, good = read(written(tmp_path, f"account,text,amount\n{rows}K2,a,1\n"), **self.SAID, record_limit=300)

        assert isinstance(bad, BadRecord)
        assert len(bad.payload) <= 300
        assert isinstance(good, SourceRecord)


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=12), line_break=st.sampled_from(["\n", "\r\n"]))
def test_no_record_is_lost_or_doubled_whatever_the_cells_hold(
    tmp_path_factory: pytest.TempPathFactory, rows: Sequence[tuple[str, str]], line_break: str
) -> None:
    lines = ["account,text", *(f"{quoted(f'K{at}{key}')},{quoted(text)}" for at, (key, text) in enumerate(rows))]
    path = written(tmp_path_factory.mktemp("csv"), "".join(f"{line}{line_break}" for line in lines))

    found = read(path)

    assert [record.data for record in found if isinstance(record, SourceRecord)] == [
        {"account": f"K{at}{key}", "text": text} for at, (key, text) in enumerate(rows)
    ]
    assert csv_source(settings()).totals(path).records == len(rows)


@given(content=st.binary(max_size=400))
def test_whatever_the_bytes_totals_and_records_agree_or_both_refuse(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = written(tmp_path_factory.mktemp("csv"), b"account,text\n" + content)
    source = csv_source(settings())

    try:
        counted = source.totals(path).records
    except PermanentError:
        with pytest.raises(PermanentError):
            read(path)
        return
    assert len(read(path)) == counted


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'
