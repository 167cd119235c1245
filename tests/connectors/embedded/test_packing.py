import io
from decimal import Decimal
from pathlib import Path

import pikepdf
import pytest
import typst

from xconnector.connectors.embedded.fonts import font_folders
from xconnector.connectors.embedded.letter import STANDARDS
from xconnector.connectors.embedded.packing import UnfamiliarError, packed, repacked

PAGES = 7
TEXT = """
#set document(title: "Title (with) \\\\ and >> and endobj", author: "A\\u{00e9}", date: auto, keywords: ("a", "b"))
#set text(font: "Source Sans 3", lang: "de")
#set heading(numbering: "1.")
= One <one>
#outline()
#link("https://aurora.test/?a=(b)")[a link] @one
#for page in range(6) [ #pagebreak() == Page
  #table(columns: 3, table.header[a][b][c], ..range(90).map(n => [#n])) ]
"""


@pytest.fixture(scope="module")
def written() -> bytes:
    folders = [str(folder) for folder in font_folders(Path(), ())]
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    compiler = typst.Compiler(TEXT.encode(), font_paths=fonts)
    pdf = compiler.compile(format="pdf", pdf_standards=STANDARDS, timestamp=1_795_000_000, sys_inputs={})
    assert isinstance(pdf, bytes)
    return pdf


def test_a_packed_pdf_is_sound_and_smaller(written: bytes) -> None:
    content, pages = repacked(written)

    assert pages == PAGES
    assert len(content) < len(written) / 2
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert not pdf.check_pdf_syntax()
        assert len(pdf.pages) == PAGES


def test_every_object_is_as_it_was(written: bytes) -> None:
    content, _pages = repacked(written)

    with pikepdf.open(io.BytesIO(written)) as before, pikepdf.open(io.BytesIO(content)) as after:
        size = int(before.trailer.Size)
        assert size > 800
        for number in range(1, size):
            was, now = before.get_object(number, 0), after.get_object(number, 0)
            assert was.unparse(resolved=True) == now.unparse(resolved=True)
            if isinstance(was, pikepdf.Stream) and isinstance(now, pikepdf.Stream):
                assert was.read_raw_bytes() == now.read_raw_bytes()
        assert {name: before.trailer[name].unparse() for name in ("/Root", "/Info", "/ID")} == {
            name: after.trailer[name].unparse() for name in ("/Root", "/Info", "/ID")
        }


def test_it_still_says_that_it_is_archivable_and_accessible(written: bytes) -> None:
    content, _pages = repacked(written)

    with pikepdf.open(io.BytesIO(content)) as pdf:
        metadata = pdf.open_metadata()
        assert metadata.pdfa_status == "2A"
        assert metadata["pdfuaid:part"] == "1"
        assert b"<?xpacket" in content


def test_the_same_bytes_give_the_same_bytes(written: bytes) -> None:
    assert packed(written) == packed(written) == repacked(written)


def test_an_unfamiliar_pdf_is_packed_all_the_same() -> None:
    made = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(Decimal(595), Decimal(842)))
        pdf.save(made, linearize=True, static_id=True)

    with pytest.raises(UnfamiliarError):
        repacked(made.getvalue())
    content, pages = packed(made.getvalue())

    assert pages == 1
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert len(pdf.pages) == 1


@pytest.mark.parametrize("cut", [0, 10, 1000, -1, -1000])
def test_a_truncated_pdf_is_unfamiliar(written: bytes, cut: int) -> None:
    with pytest.raises(UnfamiliarError):
        repacked(written[:cut])
