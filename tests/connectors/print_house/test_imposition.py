"""Sheets, envelopes, and the order of print."""

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.print_house.letters import layout
from xconnector.connectors.print_house.imposition import (
    Mailpiece,
    Place,
    envelope_of,
    in_print_order,
    mailpiece_of,
    mailpieces_of,
    sheets_of,
)
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


def alone(position: int, postcode: str, pages: int) -> Mailpiece:
    mailpiece = mailpiece_of([place(position, postcode, pages)], LAYOUT)
    assert mailpiece is not None
    return mailpiece


@given(st.integers(1, 10_000))
def test_duplex_takes_half_the_sheets_rounded_up(pages: int) -> None:
    assert sheets_of(pages, duplex=False) == pages
    assert sheets_of(pages, duplex=True) * 2 - pages in {0, 1}


@given(st.lists(st.tuples(st.sampled_from(["10115", "20095", "80331"]), st.integers(1, 30))), st.randoms())
def test_the_order_of_print_does_not_depend_on_the_order_of_arrival(
    letters: list[tuple[str, int]], chance: random.Random
) -> None:
    places = [alone(position, postcode, pages) for position, (postcode, pages) in enumerate(letters)]
    shuffled = chance.sample(places, len(places))

    printed = in_print_order(shuffled, LAYOUT)

    assert printed == in_print_order(places, LAYOUT)
    assert sorted(printed, key=lambda each: each.first.piece.position) == places


@given(st.lists(st.tuples(st.sampled_from(["10115", "20095", "80331"]), st.integers(1, 30))))
def test_envelopes_never_mix_and_postcodes_rise_within_them(letters: list[tuple[str, int]]) -> None:
    printed = in_print_order(
        (alone(position, postcode, pages) for position, (postcode, pages) in enumerate(letters)), LAYOUT
    )

    sizes = {envelope.name: size for size, envelope in enumerate(LAYOUT.envelopes)}
    ranks = [(sizes[each.envelope.name], each.first.piece.postcode, each.first.pages) for each in printed]
    assert ranks == sorted(ranks)


def test_without_a_sort_pieces_stay_as_given() -> None:
    places = [alone(0, "80331", 1), alone(1, "10115", 2), alone(2, "20095", 1)]

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


@given(st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(1, 12)), max_size=30))
def test_households_share_envelopes_that_take_them_and_nobody_is_lost(letters: list[tuple[str | None, int]]) -> None:
    few = layout(envelopes=[{"name": "C5", "up_to_sheets": 4}, {"name": "C4", "up_to_sheets": 9}])
    places = [
        replace(at, piece=replace(at.piece, household=household))
        for at, household in (
            (place(position, "", pages), household) for position, (household, pages) in enumerate(letters)
        )
    ]

    mailpieces = mailpieces_of(places, few)

    assert sorted(each.piece.position for one in mailpieces for each in one.places) == list(range(len(letters)))
    for one in mailpieces:
        assert one.sheets == sum(each.sheets for each in one.places)
        assert one.sheets <= (one.envelope.up_to_sheets or 0)
        households = {each.piece.household for each in one.places}
        assert len(one.places) == 1 or (len(households) == 1 and None not in households)


def test_weight_and_postage_follow_from_the_sheets_in_the_envelope() -> None:
    weighed = layout(
        sheet_grams=5,
        envelopes=[{"name": "C5", "grams": 6.5}],
        postage=[{"name": "standard", "up_to_grams": 20}, {"name": "large"}],
    )

    found = [mailpiece_of([place(0, "", pages)], weighed) for pages in (4, 6)]

    assert [(one.grams, one.postage) for one in found if one] == [(17, "standard"), (22, "large")]
