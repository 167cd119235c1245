import io
from collections.abc import Mapping

import pikepdf
import pytest

from tests.examples.conftest import Key, Made
from tests.examples.paper import WINDOW, Letter, plain
from tests.examples.workshop import LANGUAGES
from xconnector.contract.composer import Composition
from xconnector.domain.document import RenditionKind

PAGES = {
    ("insurer", "policy_issued"): 2,
    ("insurer", "claim_approved"): 2,
    ("insurer", "service_changed"): 1,
    ("insurer", "billing_cycle"): 1,
    ("insurer", "annual_statement"): 3,
    ("bank", "account_statement"): 3,
    ("bank", "card_issued"): 1,
    ("bank", "rate_change"): 1,
    ("utility", "energy_bill"): 2,
    ("utility", "tariff_change"): 1,
    ("utility", "outage_notice"): 1,
}
KEYS = [(example, name, language) for example, name in PAGES for language in LANGUAGES]
LONG_TABLES = {
    ("insurer", "annual_statement"): {
        "de": ("Datum", "Buchung", "Betrag", "Stand"),
        "en": ("Date", "Transaction", "Amount", "Balance"),
        "fr": ("Date", "Opération", "Montant", "Solde"),
    },
    ("bank", "account_statement"): {
        "de": ("Datum", "Buchung", "Betrag", "Saldo"),
        "en": ("Date", "Description", "Amount", "Balance"),
        "fr": ("Date", "Libellé", "Montant", "Solde"),
    },
}
PAGE_WORDS = {"de": "Seite {} von {}", "en": "Page {} of {}", "fr": "Page {} sur {}"}
CHARTS = {
    ("insurer", "annual_statement"),
    ("bank", "account_statement"),
    ("bank", "card_issued"),
    ("bank", "rate_change"),
    ("utility", "energy_bill"),
    ("utility", "tariff_change"),
    ("utility", "outage_notice"),
}

every_letter = pytest.mark.parametrize("key", KEYS, ids="-".join)


def letter_bytes(documents: Mapping[Key, Made], key: Key) -> bytes:
    _, result = documents[key]
    assert isinstance(result, Composition), result
    return next(one.content for one in result.renditions if one.kind is RenditionKind.LETTER)


def test_every_communication_has_its_expected_length(documents: Mapping[Key, Made]) -> None:
    assert {(example, name) for example, name, _ in documents} == PAGES.keys()


@every_letter
def test_a_letter_has_its_pages_and_counts_them(documents: Mapping[Key, Made], key: Key) -> None:
    example, name, language = key
    pages = Letter(letter_bytes(documents, key)).pages
    total = PAGES[example, name]
    assert len(pages) == total
    for number, page in enumerate(pages, start=1):
        assert PAGE_WORDS[language].format(number, total) in page


@every_letter
def test_a_letter_is_archivable_accessible_and_in_its_language(documents: Mapping[Key, Made], key: Key) -> None:
    piece, _ = documents[key]
    with pikepdf.open(io.BytesIO(letter_bytes(documents, key))) as pdf, pdf.open_metadata() as metadata:
        assert metadata.pdfa_status == "2A"
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"] == piece.presentation.title
        assert str(pdf.Root.Lang) == key[2]


@every_letter
def test_no_glyph_is_missing(documents: Mapping[Key, Made], key: Key) -> None:
    # The composer refuses a letter with a missing glyph; what it let pass must be readable text.
    text = Letter(letter_bytes(documents, key)).text
    assert not {"\ufffd", "\ufffe", "\x00"} & set(text)


@every_letter
def test_the_address_stands_in_the_window(documents: Mapping[Key, Made], key: Key) -> None:
    piece, _ = documents[key]
    letter = Letter(letter_bytes(documents, key))
    for line in (piece.presentation.name, *piece.presentation.address_lines):
        assert any(place.within(WINDOW) for place in letter.places_of(line)), line


@every_letter
def test_nothing_but_address_and_return_line_shows_through_the_window(documents: Mapping[Key, Made], key: Key) -> None:
    piece, _ = documents[key]
    sender = piece.order.data["sender"]
    shown = Letter(letter_bytes(documents, key)).in_window()
    for line in (sender["name"], *sender["address_lines"], piece.presentation.name, *piece.presentation.address_lines):
        assert line in shown
        shown = shown.replace(line, "", 1)
    assert not shown.strip(" \n·")


@every_letter
def test_a_machine_reads_the_communication_off_the_first_sheet(documents: Mapping[Key, Made], key: Key) -> None:
    piece, _ = documents[key]
    ((text, place),) = Letter(letter_bytes(documents, key)).codes()
    assert text == str(piece.order.communication_id)
    assert not place.meets(WINDOW)


@every_letter
def test_pictures_have_a_text_for_those_who_cannot_see_them(documents: Mapping[Key, Made], key: Key) -> None:
    with pikepdf.open(io.BytesIO(letter_bytes(documents, key))) as pdf:
        figures = [item for item in pdf.objects if is_figure(item)]
        assert figures
        assert all(str(figure.get("/Alt", "")).strip() for figure in figures)
    drawn = 1 if key[:2] in CHARTS else 0
    # Logo and machine-readable mark stand on every letter.
    assert len(figures) >= 2 + drawn


def is_figure(item: pikepdf.Object) -> bool:
    return isinstance(item, pikepdf.Dictionary) and item.get("/S") == pikepdf.Name.Figure


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("communication", LONG_TABLES, ids="-".join)
def test_the_head_of_a_long_table_stands_on_each_of_its_pages(
    documents: Mapping[Key, Made], communication: tuple[str, str], language: str
) -> None:
    pages = Letter(letter_bytes(documents, (*communication, language))).pages
    head = LONG_TABLES[communication][language]
    # The first sheet sums up; the table follows.
    for page in pages[1:]:
        lines = page.splitlines()
        assert any(all(label in line for label in head) for line in lines) or all(label in lines for label in head)


@every_letter
def test_a_letter_greets_the_customer_and_says_what_it_is_about(documents: Mapping[Key, Made], key: Key) -> None:
    piece, _ = documents[key]
    first = plain(Letter(letter_bytes(documents, key)).pages[0])
    assert piece.presentation.title in first
    assert first.count(piece.presentation.name) >= 2
