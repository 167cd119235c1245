"""What a bundle holds, page by page, and what is left out of it."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.connectors.print_house import letters
from tests.connectors.print_house.letters import letter, piece, printed, without_letter
from tests.connectors.print_house.pages import pictures_of, texts_of
from xconnector.connectors.print_house.ticket import Printed
from xconnector.domain.document import RenditionKind


def manifest_of(made: Printed, folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """Return opening line, pieces, and closing line."""
    opening, *pieces, closing = (
        json.loads(line) for line in (folder / made.manifest.name).read_text(encoding="utf-8").splitlines()
    )
    return opening, pieces, closing


def test_every_letter_starts_on_a_front(tmp_path: Path) -> None:
    made = printed([piece(1, letter(3, tag="A"), pages=3), piece(2, letter(1, tag="B"))], tmp_path)

    assert texts_of(tmp_path / made.parts[0].name) == ["A page 1", "A page 2", "A page 3", "", "B page 1", ""]


def test_printed_on_one_side_there_are_no_blank_backs(tmp_path: Path) -> None:
    made = printed([piece(1, letter(3, tag="A"), pages=3)], tmp_path, duplex=False)

    assert texts_of(tmp_path / made.parts[0].name) == ["A page 1", "A page 2", "A page 3"]


def test_the_manifest_says_what_lies_on_which_page(tmp_path: Path) -> None:
    pieces = [piece(1, letter(3, tag="A"), pages=3), piece(2, letter(2, tag="B"), pages=2), piece(3)]
    made = printed(pieces, tmp_path)

    opening, lines, closing = manifest_of(made, tmp_path)
    texts = texts_of(tmp_path / made.parts[0].name)
    assert [texts[line["first_page"] - 1] for line in lines] == ["A page 1", "B page 1", "K3 page 1"]
    assert [(line["pages"], line["document_pages"], line["sheets"]) for line in lines] == [
        (4, 3, 2),
        (2, 2, 1),
        (2, 1, 1),
    ]
    assert [line["sha256"] for line in lines] == [each.renditions[RenditionKind.LETTER].sha256 for each in pieces]
    assert (opening["bundle"], opening["run"], opening["created_at"]) == ("run-7-1", "run-7", "2026-11-23T08:30:00Z")
    assert closing["pieces"] == 3
    assert closing["left_out"] == []


def test_parts_are_what_the_manifest_says(tmp_path: Path) -> None:
    made = printed([piece(number) for number in range(9)], tmp_path, pages_per_part=6)

    opening, _, closing = manifest_of(made, tmp_path)
    assert [part["name"] for part in opening["parts"]] == [f"run-7-1-p00{number}.pdf" for number in (1, 2, 3)]
    for part in opening["parts"]:
        content = (tmp_path / part["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (part["bytes"], part["sha256"])
        with pikepdf.open(tmp_path / part["name"]) as pdf:
            assert int(pdf.Root.Pages.Count) == len(pdf.pages) == part["pages"] == 6
    assert closing["bytes"] == sum(part["bytes"] for part in opening["parts"])


@settings(max_examples=20, deadline=None)
@given(pages=st.lists(st.integers(1, 9), min_size=1, max_size=12), pages_per_part=st.integers(2, 14))
def test_totals_always_add_up(tmp_path_factory: pytest.TempPathFactory, pages: list[int], pages_per_part: int) -> None:
    folder = tmp_path_factory.mktemp("bundle")
    made = printed(
        [piece(number, letter(count), pages=count) for number, count in enumerate(pages)],
        folder,
        pages_per_part=pages_per_part,
        marks="none",
    )

    opening, lines, closing = manifest_of(made, folder)
    for counted in ("pieces", "pages", "sheets"):
        assert opening[counted] == closing[counted] == sum(part[counted] for part in opening["parts"])
    for part in opening["parts"]:
        own = [line for line in lines if line["part"] == part["name"]]
        assert {line["envelope"] for line in own} == {part["envelope"]}
        assert [line["first_page"] for line in own] == [
            1 + sum(line["pages"] for line in own[:at]) for at in range(len(own))
        ]
        assert sum(line["pages"] for line in own) == part["pages"]
        assert part["pages"] <= pages_per_part or len(own) == 1
    assert [line["sequence"] for line in lines] == list(range(1, len(pages) + 1))
    assert sum(line["document_pages"] for line in lines) == sum(pages)


def test_letters_for_different_envelopes_never_share_a_part(tmp_path: Path) -> None:
    pieces = [piece(1, letter(8), pages=8), piece(2), piece(3, letter(7), pages=7), piece(4)]

    opening, lines, _ = manifest_of(printed(pieces, tmp_path), tmp_path)

    assert [(part["envelope"], part["pieces"]) for part in opening["parts"]] == [("C6/5", 2), ("C4", 2)]
    assert [line["dispatch_key"] for line in lines] == ["dispatch-2", "dispatch-4", "dispatch-1", "dispatch-3"]


def test_a_part_ends_before_it_grows_too_large(tmp_path: Path) -> None:
    with letters.drawn(1) as pdf:
        pdf.Root.Weight = pikepdf.Stream(pdf, bytes(400_000), Filter=pikepdf.Name.ASCIIHexDecode)
        heavy = letters.saved(pdf)

    made = printed([piece(number, heavy) for number in range(4)], tmp_path, megabytes_per_part=1)

    assert len(made.parts) == 2


def test_postcodes_are_sorted_within_their_country(tmp_path: Path) -> None:
    pieces = [
        piece(1, postcode="80331"),
        piece(2, postcode="10115"),
        piece(3, postcode="05000", country="FR"),
        piece(4, postcode="10115"),
    ]

    _, lines, _ = manifest_of(printed(pieces, tmp_path, sort=["postcode"]), tmp_path)

    assert [line["dispatch_key"] for line in lines] == ["dispatch-2", "dispatch-4", "dispatch-1", "dispatch-3"]


def test_letters_nobody_counted_are_counted(tmp_path: Path) -> None:
    pieces = [piece(1, letter(9), pages=None), piece(2, letter(2), pages=None)]

    _, lines, _ = manifest_of(printed(pieces, tmp_path), tmp_path)

    assert [(line["document_pages"], line["envelope"]) for line in lines] == [(2, "C6/5"), (9, "C4")]


@pytest.mark.parametrize(
    "unfit",
    [
        letters.truncated,
        letters.locked,
        letters.with_spoilt_drawing,
        letters.with_hidden_layer,
        letters.without_pages,
        letters.with_circular_pages,
        lambda: b"this is no PDF",
        lambda: b"",
    ],
    ids=["truncated", "locked", "spoilt", "layers", "no pages", "circle", "no PDF", "empty"],
)
@pytest.mark.parametrize("pages", [1, None], ids=["counted", "uncounted"])
def test_an_unfit_letter_is_left_out_and_the_rest_goes_on(
    tmp_path: Path, unfit: Callable[[], bytes], pages: int | None
) -> None:
    made = printed([piece(1), piece(2, unfit(), pages=pages), piece(3)], tmp_path)

    _, lines, closing = manifest_of(made, tmp_path)
    assert [line["dispatch_key"] for line in lines] == ["dispatch-1", "dispatch-3"]
    assert [(left["dispatch_key"], bool(left["reason"])) for left in closing["left_out"]] == [("dispatch-2", True)]
    assert [left.dispatch_key for left in made.left_out] == ["dispatch-2"]
    assert texts_of(tmp_path / made.parts[0].name) == ["K1 page 1", "", "K3 page 1", ""]


def test_a_letter_whose_bytes_are_not_the_approved_ones_is_left_out(tmp_path: Path) -> None:
    approved = piece(1)
    rendition = replace(approved.renditions[RenditionKind.LETTER], content=letter(1, tag="forged"))

    made = printed([replace(approved, renditions={RenditionKind.LETTER: rendition}), piece(2)], tmp_path)

    assert [left.dispatch_key for left in made.left_out] == ["dispatch-1"]
    assert "SHA-256" in made.left_out[0].reason


def test_a_letter_with_other_pages_than_its_composer_counted_is_left_out(tmp_path: Path) -> None:
    made = printed([piece(1, letter(2), pages=1), piece(2)], tmp_path)

    assert [left.dispatch_key for left in made.left_out] == ["dispatch-1"]
    assert "counted 1 pages and its PDF has 2" in made.left_out[0].reason


def test_a_dispatch_without_a_letter_is_left_out(tmp_path: Path) -> None:
    made = printed([without_letter(piece(1)), piece(2)], tmp_path)

    assert [left.dispatch_key for left in made.left_out] == ["dispatch-1"]


def test_a_letter_too_thick_for_every_envelope_is_left_out(tmp_path: Path) -> None:
    made = printed([piece(1, letter(9), pages=9), piece(2)], tmp_path, envelopes=[{"name": "C6/5", "up_to_sheets": 3}])

    assert [left.dispatch_key for left in made.left_out] == ["dispatch-1"]
    assert "5 sheets" in made.left_out[0].reason


def test_nothing_is_made_of_nothing_but_unfit_letters(tmp_path: Path) -> None:
    made = printed([piece(1, letters.truncated()), piece(2, letters.locked())], tmp_path)

    assert made.parts == ()
    assert len(made.left_out) == 2


def test_stamps_are_printed(tmp_path: Path) -> None:
    made = printed([piece(1, letters.with_stamp())], tmp_path, marks="none")

    page, _ = pictures_of(tmp_path / made.parts[0].name, dots_per_inch=72)
    assert page.getpixel((250, letters.A4[1] - 225)) == 0


def test_tags_and_links_stay_in_the_archive(tmp_path: Path) -> None:
    made = printed([piece(1)], tmp_path)

    with pikepdf.open(tmp_path / made.parts[0].name) as pdf:
        assert not {"/StructParents", "/Annots", "/Tabs"} & set(pdf.pages[0].obj.keys())
        assert "/StructTreeRoot" not in pdf.Root


@pytest.mark.parametrize("compression", ["fast", "small"])
def test_the_same_bundle_gives_the_same_bytes_in_any_process(tmp_path: Path, compression: str) -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from tests.connectors.print_house.letters import *;"
        "made = printed([piece(1, letter(3), pages=3), piece(2), piece(3, truncated())], Path(sys.argv[1]),"
        "pages_per_part=4, compression=sys.argv[2]);"
        "print([(file.name, file.sha256) for file in (*made.parts, made.manifest)])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / seed), compression],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
        ).stdout
        for seed in ("1", "2")
    }

    assert len(told) == 1
    assert "run-7-1-p002.pdf" in told.pop()


def test_the_page_tree_stays_flat_however_many_pages_there_are(tmp_path: Path) -> None:
    content = letter(1)
    made = printed([piece(number, content) for number in range(300)], tmp_path, marks="none", duplex=False)

    with pikepdf.open(tmp_path / made.parts[0].name) as pdf:
        assert len(pdf.Root.Pages.Kids) == 5
        assert all(len(node.Kids) <= 64 for node in pdf.Root.Pages.Kids.as_list())
        assert int(pdf.Root.Pages.Count) == 300
