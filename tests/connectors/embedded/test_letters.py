import io
from pathlib import Path

import pikepdf
import pytest

from tests.connectors.embedded.project import LETTER, compose_here, composer_of, write_sample_template, write_template
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError, PermanentError
from xconnector.domain.document import RenditionKind
from xconnector.testing.conformance.composer import rendition
from xconnector.testing.orders import named, sample_order, with_data

HEAD = '#let input = json(bytes(sys.inputs.data))\n#set document(title: "T", date: auto)\n'
FONT = '#set text(font: "Source Sans 3", lang: "de", fallback: false)\n'


def letter_order(number: int = 1, *, template: str = "letter") -> Order:
    return sample_order(number, template=template, kinds=frozenset({RenditionKind.LETTER}))


def compose(project: Path, body: str, order: Order | None = None) -> Composition | ConnectorError:
    write_template(project, "letter/letter.typ", HEAD + FONT + body)
    return compose_here(project, order or letter_order())


def fault(project: Path, body: str, order: Order | None = None) -> str:
    result = compose(project, body, order)
    assert isinstance(result, PermanentError), result
    return str(result)


def opened(project: Path, order: Order | None = None) -> pikepdf.Pdf:
    write_sample_template(project, "letter")
    result = compose_here(project, order or letter_order())
    return pikepdf.open(io.BytesIO(rendition(result, RenditionKind.LETTER).content))


def test_a_letter_says_that_it_is_archivable_and_accessible(tmp_path: Path) -> None:
    with opened(tmp_path) as pdf:
        metadata = pdf.open_metadata()
        assert metadata.pdfa_status == "2A"
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"] == "Ihre Börsenpolice Nr. 1"
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "de"


def test_a_letter_is_sound_and_packed(tmp_path: Path) -> None:
    write_sample_template(tmp_path, "letter")
    result = compose_here(tmp_path, letter_order())

    content = rendition(result, RenditionKind.LETTER).content
    assert b"/ObjStm" in content
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert not pdf.check_pdf_syntax()


def test_a_letter_bears_the_date_of_the_order_and_no_other(tmp_path: Path) -> None:
    with opened(tmp_path) as pdf:
        assert str(pdf.docinfo["/CreationDate"]).startswith("D:20261123120000")
        assert str(pdf.docinfo["/ModDate"]).startswith("D:20261123120000")


def test_pages_are_counted(tmp_path: Path) -> None:
    result = compose(tmp_path, "one #pagebreak() two #pagebreak() three")

    assert rendition(result, RenditionKind.LETTER).pages == 3


async def test_every_document_prints_its_own_data(tmp_path: Path) -> None:
    write_template(tmp_path, "letter/letter.typ", LETTER)
    async with composer_of(tmp_path, processes=1) as composer:
        first, second = await composer.compose([letter_order(1), letter_order(2)])

    titles: list[str] = []
    for result in (first, second):
        with pikepdf.open(io.BytesIO(rendition(result, RenditionKind.LETTER).content)) as pdf:
            titles.append(str(pdf.docinfo["/Title"]))
    assert titles == ["Ihre Börsenpolice Nr. 1", "Ihre Börsenpolice Nr. 2"]


def test_a_missing_field_is_named_with_file_line_and_column(tmp_path: Path) -> None:
    said = fault(tmp_path, "Police #input.data.due")

    assert said == 'templates/letter/letter.typ:4:20: dictionary does not contain key "due"'


def test_a_fault_in_a_shared_piece_is_placed_there(tmp_path: Path) -> None:
    write_template(tmp_path, "_brand/brand.typ", "#let head(input) = [\n  #input.nothing\n]\n")

    said = fault(tmp_path, '#import "/_brand/brand.typ": head\n#head(input)')

    assert said.startswith("templates/_brand/brand.typ:2:")


def test_an_unknown_font_is_an_error(tmp_path: Path) -> None:
    said = fault(tmp_path, '#set text(font: "Nowhere Sans")\nHello')

    assert said == "templates/letter/letter.typ:4:17: unknown font family: nowhere sans"


def test_a_character_that_no_font_has_is_named(tmp_path: Path) -> None:
    said = fault(tmp_path, "#input.customer.name", named(letter_order(), "Anna ☃ 漢"))

    assert "☃ (U+2603, snowman)" in said
    assert "漢 (U+6F22" in said
    assert "Anna" not in said


@pytest.mark.parametrize(
    "body, asked_for",
    [
        ("#set document(title: none)\nHello", "title"),
        ("#image(bytes(\"<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>\"))", "alt text"),
    ],
)
def test_what_the_standards_ask_for_is_said_with_a_hint(tmp_path: Path, body: str, asked_for: str) -> None:
    said = fault(tmp_path, body)

    assert asked_for in said
    assert "PDF/UA-1 error" in said


@pytest.mark.parametrize(
    "body",
    [
        '#panic("cannot print " + input.data.policy_number)',
        '#assert(input.data.policy_number == "x", message: "is " + input.data.policy_number)',
        "#(a: 1).at(input.data.policy_number)",
        "#text(font: input.data.policy_number)[x]",
        "#read(input.data.policy_number)",
        '#panic(input.data.policy_number.split("-").at(1))',
        '#image(bytes(input.data.policy_number), format: "svg")',
    ],
)
def test_a_fault_tells_nothing_of_the_data(tmp_path: Path, body: str) -> None:
    order = with_data(letter_order(), policy_number='SECRET"`-Meyerhold')

    said = fault(tmp_path, body, order)

    assert "templates/letter/letter.typ:4:" in said
    for word in ("SECRET", "secret", "Meyerhold", "meyerhold"):
        assert word not in said


def test_data_is_printed_literally(tmp_path: Path) -> None:
    literal = '#read("/etc/passwd") $x$ *bold* _it_ #eval("1") = no heading \\ // no comment'

    plain = compose(tmp_path, "#input.customer.name", named(letter_order(), literal))
    typed = compose(tmp_path, f"#{typst_string(literal)}")

    assert drawn_by(plain) == drawn_by(typed)


def typst_string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("eval", "ev\\u{61}l")
    return f'"{escaped}"'


def drawn_by(result: Composition | ConnectorError) -> bytes:
    """The drawing operators of the first page: the same letters at the same places."""
    with pikepdf.open(io.BytesIO(rendition(result, RenditionKind.LETTER).content)) as pdf:
        return pikepdf.unparse_content_stream(pikepdf.parse_content_stream(pdf.pages[0]))


def test_files_outside_the_templates_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("customers", "utf-8")

    assert "customers" not in fault(tmp_path, '#read("../../secret.txt")')
    assert "root:" not in fault(tmp_path, '#read("/etc/passwd")')


async def test_a_package_cannot_be_fetched_even_by_a_trick(tmp_path: Path) -> None:
    """Asked of a process: in a test's own, the engine would reach the network."""
    trick = '#let name = "@pre" + "view/cetz:0.3.0"\n#import name'
    write_template(tmp_path, "letter/letter.typ", HEAD + FONT + trick)
    async with composer_of(tmp_path, processes=1) as composer:
        (result,) = await composer.compose([letter_order()])

    assert isinstance(result, PermanentError)
    assert str(result).startswith("templates/letter/letter.typ:5:")


def test_a_template_without_a_letter_says_which_file_is_missing(tmp_path: Path) -> None:
    write_template(tmp_path, "letter/sms.txt", "hello")
    result = compose_here(tmp_path, letter_order())

    assert isinstance(result, PermanentError)
    assert str(result).startswith("templates/letter/letter.typ is missing; add it")


async def test_a_font_folder_can_be_added(tmp_path: Path) -> None:
    fonts = tmp_path / "fonts"
    fonts.mkdir()
    write_template(tmp_path, "letter/letter.typ", HEAD + FONT + "Hello")
    async with composer_of(tmp_path, processes=1) as without:
        (plain,) = await without.compose([letter_order()])
    async with composer_of(tmp_path, processes=1, fonts=["fonts"]) as composer:
        (same,) = await composer.compose([letter_order()])

    assert isinstance(plain, Composition)
    assert plain == same
