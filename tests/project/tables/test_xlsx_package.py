import random
from io import BytesIO
from time import process_time
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.project.tables.workbooks import ROWS, packed, parts_of, with_part, with_rows, workbook
from xconnector.project.tables.files import understood
from xconnector.project.tables.xlsx_package import WorkbookError, proven_package

WHOLE = workbook(
    Rows=ROWS,
    Inputs=[["input", "type", "domain"], ["x", "text", "-"]],
    Table=[["setting", "value"], ["hit", "first"]],
)
SHEET = "xl/worksheets/sheet1.xml"
FAR = '<row r="1"><c r="A1" t="str"><v>row</v></c></row><row r="{row}"><c r="{place}" t="str"><v>R1</v></c></row>'


def told(content: bytes) -> list[str]:
    found, wrong = understood("t", "t.xlsx", content, form=".xlsx")
    assert (found is None) is bool(wrong)
    return [finding.message for finding in wrong]


def bomb() -> bytes:
    return with_part("xl/media/zeros.xml", b"<a>" + b" " * 30_000_000 + b"</a>")


def twice() -> bytes:
    content = BytesIO(WHOLE)
    with ZipFile(content, "a") as package, pytest.warns(UserWarning, match="Duplicate name"):
        package.writestr(SHEET, b"<worksheet/>")
    return content.getvalue()


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", "this is no workbook, or a broken one"),
        (b"row,when x\n", "this is no workbook, or a broken one"),
        (WHOLE[: len(WHOLE) // 2], "this is no workbook, or a broken one"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "the workbook is an old one or has a password"),
        (with_part("xl/vbaProject.bin", b"x"), "the workbook holds macros"),
        (with_part("xl/x.xml", b'<a b="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/>'), "may hold macros"),
        (with_part(SHEET, b"<worksheet>"), f"the part '{SHEET}' of the workbook is broken"),
        (with_part(SHEET, b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'), "a document type"),
        (with_part("docProps/core.xml", b'<!DOCTYPE a SYSTEM "http://localhost/a.dtd"><a/>'), "a document type"),
        (with_part(SHEET, '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16")), "a document type"),
        (with_part("xl/deep.xml", b"<a>" * 200 + b"</a>" * 200), "is nested too deeply"),
        (with_part("xl/many.xml", b"<a>" + b"<t/>" * 1_000_000 + b"</a>"), "too many sheets, cells or styles"),
        (with_part("xl/many.xml", b"<a>" + b"<xf/>" * 50_000 + b"</a>"), "too many sheets, cells or styles"),
        (with_part("xl/many.xml", b"<a>" + b"<sheet/>" * 31 + b"</a>"), "too many sheets, cells or styles"),
        (packed({f"{at}.xml": b"<a/>" for at in range(501)}), "is larger than"),
        (packed({}), "the workbook's parts do not fit together"),
        (packed({name: part for name, part in parts_of(WHOLE).items() if name != SHEET}), "no sheet `Rows`"),
        (packed({k: v for k, v in parts_of(WHOLE).items() if k != "xl/workbook.xml"}), "do not fit together"),
        (with_rows(FAR.format(row=1048576, place="XFD1048576")), "row 1048576, column 16384 stands too far out"),
        (with_rows(FAR.format(row=2, place="XFD2")), "row 2, column 16384 stands too far out"),
        (with_rows(FAR.format(row=5000, place="A5000")), "row 5000, column 1 stands too far out"),
        (with_rows(FAR.format(row=2, place="A3")), "the cells of a row stand out of order"),
        (with_rows(FAR.format(row=1, place="A1")), "the rows of a sheet stand out of order"),
        (with_rows('<row r="x"/>'), "is broken"),
        (with_rows('<row r="1"><c t="s"><v>7777</v></c></row>'), "the workbook's parts do not fit together"),
    ],
)
def test_a_workbook_that_is_broken_or_hostile_is_told_and_never_opened(content: bytes, said: str) -> None:
    assert any(said in one for one in told(content)), told(content)


@pytest.mark.parametrize("make", [bomb, twice])
def test_a_package_that_unfolds_without_end_or_says_a_part_twice_is_told(make: object) -> None:
    content = bomb() if make is bomb else twice()
    with pytest.raises(WorkbookError, match=r"larger than|there twice"):
        proven_package(content)


def test_cells_far_out_that_say_nothing_cost_no_time() -> None:
    rows = "".join(
        f'<row r="{row}"><c r="A{row}" t="str"><v>{a}</v></c><c r="B{row}" t="str"><v>{b}</v></c></row>'
        for row, a, b in [(1, "row", "then route"), (2, "R1", "p")]
    )
    begin = process_time()

    found, wrong = understood(
        "t", "t", with_rows(rows + '<row r="1048576" ht="12"><c r="XFD1048576" s="0"/></row>'), form=".xlsx"
    )

    assert wrong == []
    assert found is not None
    assert [row.id for row in found.table.rows] == ["R1"]
    assert process_time() - begin < 5


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 8))
def test_whatever_happens_to_the_bytes_of_a_workbook_is_a_finding_or_a_table(chance: random.Random, times: int) -> None:
    content = bytearray(WHOLE)
    for _ in range(times):
        at = chance.randrange(len(content))
        match chance.randrange(3):
            case 0:
                content[at] = chance.randrange(256)
            case 1:
                del content[at : at + chance.randrange(1, 50)]
            case _:
                content[at:at] = chance.randbytes(4)
    told(bytes(content))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(parts_of(WHOLE))), st.randoms(use_true_random=False))
def test_whatever_happens_inside_a_part_is_a_finding_or_a_table(name: str, chance: random.Random) -> None:
    part = parts_of(WHOLE)[name].decode()
    words = ["0", "-1", "99999999999", "1e999", "x", "", "n", "s", "b", "d", "e", "f", "str", "inlineStr", "A1", "XFE1"]
    for _ in range(chance.randrange(1, 4)):
        begin = chance.randrange(len(part))
        values = [at for at, sign in enumerate(part) if sign in '">' and at >= begin] or [0]
        end = part.find("<" if part[values[0]] == ">" else '"', values[0] + 1)
        part = part[: values[0] + 1] + chance.choice(words) + part[max(end, values[0] + 1) :]
    told(with_part(name, part.encode(), of=WHOLE))
