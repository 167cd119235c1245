"""Sheets, envelopes, and the order of print."""

import random

from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.print_house.letters import layout
from xconnector.connectors.print_house.imposition import Place, envelope_of, in_print_order, sheets_of
from xconnector.connectors.print_house.ticket import EnvelopeClass, Piece

LAYOUT = layout(
    sort=["postcode", "pages"],
    envelopes=[{"name": "C6/5", "up_to_sheets": 3}, {"name": "C5", "up_to_sheets": 8}, {"name": "C4"}],
)


def place(position: int, postcode: str, pages: int) -> Place:
    piece = Piece(
        position=position,
        dispatch_key=f"dispatch-{position}",
        communication_id="",
        sha256="",
        offset=0,
        length=0,
        stated_pages=pages,
        country="DE",
        postcode=postcode,
    )
    sheets = sheets_of(pages, duplex=True)
    envelope = envelope_of(sheets, LAYOUT.envelopes)
    assert envelope is not None
    return Place(piece=piece, pages=pages, sheets=sheets, envelope=envelope)


@given(st.integers(1, 10_000))
def test_duplex_takes_half_the_sheets_rounded_up(pages: int) -> None:
    assert sheets_of(pages, duplex=False) == pages
    assert sheets_of(pages, duplex=True) * 2 - pages in {0, 1}


@given(st.lists(st.tuples(st.sampled_from(["10115", "20095", "80331"]), st.integers(1, 30))), st.randoms())
def test_the_order_of_print_does_not_depend_on_the_order_of_arrival(
    letters: list[tuple[str, int]], chance: random.Random
) -> None:
    places = [place(position, postcode, pages) for position, (postcode, pages) in enumerate(letters)]
    shuffled = chance.sample(places, len(places))

    printed = in_print_order(shuffled, LAYOUT)

    assert printed == in_print_order(places, LAYOUT)
    assert sorted(printed, key=lambda each: each.piece.position) == places


@given(st.lists(st.tuples(st.sampled_from(["10115", "20095", "80331"]), st.integers(1, 30))))
def test_envelopes_never_mix_and_postcodes_rise_within_them(letters: list[tuple[str, int]]) -> None:
    printed = in_print_order(
        (place(position, postcode, pages) for position, (postcode, pages) in enumerate(letters)), LAYOUT
    )

    sizes = {envelope.name: size for size, envelope in enumerate(LAYOUT.envelopes)}
    ranks = [(sizes[each.envelope.name], each.piece.postcode, each.pages) for each in printed]
    assert ranks == sorted(ranks)


def test_without_a_sort_pieces_stay_as_given() -> None:
    places = [place(0, "80331", 1), place(1, "10115", 2), place(2, "20095", 1)]

    assert in_print_order(reversed(places), layout()) == places


def test_more_sheets_than_the_largest_envelope_takes_find_none() -> None:
    envelopes = (EnvelopeClass(name="C6/5", up_to_sheets=3), EnvelopeClass(name="C4", up_to_sheets=40))

    assert [found and found.name for found in (envelope_of(sheets, envelopes) for sheets in (1, 3, 4, 40, 41))] == [
        "C6/5",
        "C6/5",
        "C4",
        "C4",
        None,
    ]
