"""The Intelligent Mail barcode: the post's published examples, and serial numbers that do not come again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.print_house.letters import layout
from xconnector.connectors.print_house.imb import bars_of_imb, letters_of, routing_digits, tracking_digits
from xconnector.connectors.print_house.ticket import Imb

# USPS-B-3200, appendix: the four examples of the specification.
EXAMPLES = [
    ("01234567094987654321", "", "ATTFATTDTTADTAATTDTDTATTDAFDDFADFDFTFFFFFTATFAAAATDFFTDAADFTFDTDT"),
    ("01234567094987654321", "01234", "DTTAFADDTTFTDTFTFDTDDADADAFADFATDDFTAAAFDTTADFAAATDFDTDFADDDTDFFT"),
    ("01234567094987654321", "012345678", "ADFTTAFDTTTTFATTADTAAATFTFTATDAAAFDDADATATDTDTTDFDTDATADADTDFFTFA"),
    ("01234567094987654321", "01234567891", "AADTFFDFTDADTAADAATFDTDDAAADDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA"),
]


def imb(mailer_id: str, **settings: int) -> Imb:
    found = layout(intelligent_mail={"service_type": "040", "mailer_id": mailer_id, **settings}).imb
    assert found is not None
    return found


@pytest.mark.parametrize("tracking, routing, letters", EXAMPLES)
def test_the_examples_of_the_specification_are_drawn(tracking: str, routing: str, letters: str) -> None:
    assert letters_of(bars_of_imb(tracking, routing)) == letters


@given(st.sampled_from(["123456", "901234567"]), st.integers(0, 10**12))
def test_every_number_gives_twenty_digits_that_can_be_drawn(mailer_id: str, number: int) -> None:
    digits = tracking_digits(imb(mailer_id), number)

    assert len(digits) == 20
    assert digits.startswith(f"00040{mailer_id}")
    assert len(bars_of_imb(digits, "")) == 65


@given(st.integers(0, 10**9), st.integers(1, 500))
def test_serial_numbers_come_again_only_behind_the_last(first: int, serials: int) -> None:
    ours = imb("901234567", first_serial=1000, last_serial=1000 + serials - 1)

    one_round = {tracking_digits(ours, first + step) for step in range(serials)}

    assert len(one_round) == serials
    assert {int(digits[-6:]) for digits in one_round} == set(range(1000, 1000 + serials))


@given(st.text("0123456789- A", max_size=15))
def test_only_whole_zip_codes_are_routed(postcode: str) -> None:
    assert len(routing_digits(postcode)) in {0, 5, 9, 11}
    assert routing_digits("90210-1234") == "902101234"


@pytest.mark.parametrize(
    "wrong",
    [
        {"mailer_id": "912345"},
        {"mailer_id": "12345"},
        {"mailer_id": "123456", "barcode_id": "05"},
        {"mailer_id": "901234567", "last_serial": 10**6},
        {"mailer_id": "123456", "first_serial": 5, "last_serial": 4},
    ],
)
def test_digits_that_the_post_does_not_know_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="intelligent_mail"):
        layout(intelligent_mail={"service_type": "040", **wrong})
