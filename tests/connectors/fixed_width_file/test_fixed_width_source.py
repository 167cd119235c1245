from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.connectors.fixed_width_file.recognising import recognise
from xconnector.connectors.fixed_width_file.settings import FixedWidthFileSettings
from xconnector.connectors.fixed_width_file.source import fixed_width_source
from xconnector.contract.errors import PermanentError
from xconnector.contract.file_source import FileRecord

COLUMNS = {"id": "1-4", "name": "5-12", "amount": "13-20"}


def settings(**said: object) -> FixedWidthFileSettings:
    return FixedWidthFileSettings.model_validate({"key": ["id"], "columns": COLUMNS, **said})


def read(folder: Path, content: str | bytes, **said: object) -> list[FileRecord]:
    path = folder / "run.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(fixed_width_source(settings(**said)).records(path))


def line(*cells: str) -> str:
    return "".join(cell.ljust(width) for cell, width in zip(cells, (4, 8, 8), strict=True))


def test_a_line_is_cut_at_its_columns(tmp_path: Path) -> None:
    first, second = read(tmp_path, f"{line('7', 'Grüße', '12.50')}\r\n\n{line('8', '', '1')}\n")

    assert first.data == {"id": "7", "name": "Grüße", "amount": "12.50"}
    assert (second.position, second.data) == (3, {"id": "8", "name": "", "amount": "1"})


def test_columns_may_overlap_and_leave_signs_out(tmp_path: Path) -> None:
    [record] = read(tmp_path, "ABCDEF\n", key=["all"], columns={"all": "1-4", "third": "3", "last": "6"})

    assert record.data == {"all": "ABCD", "third": "C", "last": "F"}


def test_ebcdic_is_read_with_and_without_line_breaks(tmp_path: Path) -> None:
    records = [line("7", "Müller", "1"), line("8", "Weiß", "2")]

    unbroken = read(tmp_path, "".join(records).encode("cp273"), encoding="cp273", record_length=20)

    assert [one.data and one.data["name"] for one in unbroken] == ["Müller", "Weiß"]
    assert [one.position for one in unbroken] == [1, 2]


def test_an_unbroken_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="cut off in record 2"):
        read(tmp_path, line("7", "a", "1") + "8", record_length=20)


def test_headers_are_passed_over(tmp_path: Path) -> None:
    [record] = read(tmp_path, f"HEADER\n\n{line('7', 'a', '1')}\n", header_lines=2)

    assert record.position == 3


@pytest.mark.parametrize(
    "bad, told",
    [
        (b"7   a", "line 2: it has 5 characters where its columns end at 20"),
        (b"7   \xff", "line 2: byte 5 of the line is not utf-8"),
        (b"7   a\0      1       ", "line 2: it holds a NUL character"),
        (b"7   " + b"x" * 100, "line 2: it has more than 80 bytes"),
    ],
)
def test_a_line_that_cannot_be_read_is_set_aside_and_the_rest_passes(tmp_path: Path, bad: bytes, told: str) -> None:
    good = line("1", "a", "1").encode()

    first, broken, third = read(tmp_path, b"\n".join([good, bad, good]), line_limit=80)

    assert (first.wrong, third.wrong) == (None, None)
    assert (broken.wrong, broken.data) == (told, None)
    assert broken.payload.startswith(bad[:80])


def test_lines_may_be_short_where_the_project_says_so(tmp_path: Path) -> None:
    [record] = read(tmp_path, "7   Ada\n", may_be_short=True)

    assert record.data == {"id": "7", "name": "Ada", "amount": ""}


def test_records_behind_the_trailer_stop_the_file(tmp_path: Path) -> None:
    content = f"{line('1', 'a', '1')}\nTRAILER 1\n{line('2', 'b', '1')}\n"

    with pytest.raises(PermanentError, match="line 3: records follow the trailer in line 2"):
        read(tmp_path, content, control={"kind": "trailer"})


@pytest.mark.parametrize(
    "said, told",
    [
        ({"columns": {"id": "0-4"}}, "column id must begin at 1"),
        ({"columns": {"id": "4-1"}}, "column id must begin at 1"),
        ({"columns": {"id": "1-40000"}}, "column id must begin"),
        ({"columns": {"id": "one"}}, "columns.id"),
        ({"key": ["nobody"]}, "nobody of `key` is no column"),
    ],
)
def test_columns_that_cannot_be_are_told(said: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        settings(**said)


WIDTHS = st.lists(st.integers(1, 6), min_size=1, max_size=6)


@given(widths=WIDTHS, rows=st.lists(st.lists(st.text("aZ9 ä", max_size=6), min_size=6, max_size=6), max_size=6))
def test_what_was_written_into_columns_is_read_from_them(
    tmp_path_factory: pytest.TempPathFactory, widths: Sequence[int], rows: Sequence[Sequence[str]]
) -> None:
    ends = [sum(widths[: place + 1]) for place in range(len(widths))]
    columns = {f"c{at}": f"{end - width + 1}-{end}" for at, (end, width) in enumerate(zip(ends, widths, strict=True))}
    cut = [[cell[:width] for cell, width in zip(row, widths, strict=False)] for row in rows]
    lines = ["".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cut]

    found = read(tmp_path_factory.mktemp("fixed"), "\n".join(lines), key=["c0"], columns=columns)

    expected = [[cell.strip() for cell in row] for row in cut if any(cell.strip() for cell in row)]
    assert [[*one.data.values()] if one.data else None for one in found] == expected


def test_a_header_line_tells_its_columns() -> None:
    head = b"id   name   amount\n1    Ada    12.50\n2    Bo     1\n"

    found = recognise(head)

    assert found is not None
    settings_of_it = FixedWidthFileSettings.model_validate({**found.settings, "key": ["id"]})
    assert [*settings_of_it.spans().items()][:2] == [("id", (1, 5)), ("name", (6, 12))]


@pytest.mark.parametrize(
    "head",
    [b"", b"one line only", b"id name\n1234567\n", b"Dear Ada,\nhow are you?\n", b"id,name\n1,a\n", b"id  id\n1   2\n"],
)
def test_what_does_not_keep_to_its_columns_is_not_taken_for_them(head: bytes) -> None:
    assert recognise(head) is None
