"""What Lob is told of a letter beside its PDF."""

from dataclasses import replace

import pytest

from xconnector.connectors.lob.letter import form_of
from xconnector.connectors.lob.settings import LobSettings
from xconnector.contract.channel import Dispatch
from xconnector.contract.errors import PermanentError
from xconnector.domain.routing.plan import ProofOfMailing
from xconnector.testing.dispatches import sample_dispatch

SETTINGS = LobSettings.model_validate({"api_key": "test_key", "sender": "adr_1"})


def to(*lines: str, name: str = "Ada Byron", country: str = "US", proof: ProofOfMailing | None = None) -> Dispatch:
    plain = sample_dispatch(1)
    recipient = replace(plain.recipient, name=name, address_lines=lines, country=country)
    return replace(plain, recipient=recipient, proof=proof)


@pytest.mark.parametrize("last", ["Austin, TX 78701", "Austin TX 78701", "Austin,  tx 78701-0001"])
def test_a_place_in_the_united_states_is_told_in_its_parts(last: str) -> None:
    form = form_of(to("1 Main St", "Apt 2", last), SETTINGS)

    assert (form["to[address_city]"], form["to[address_state]"]) == ("Austin", "TX")
    assert form["to[address_zip]"] in last
    assert (form["to[address_line1]"], form["to[address_line2]"]) == ("1 Main St", "Apt 2")


def test_abroad_the_lines_stand_as_in_the_window() -> None:
    form = form_of(to("Kastanienallee 1", "10435 Berlin", country="DE"), SETTINGS)

    assert (form["to[address_line1]"], form["to[address_line2]"]) == ("Kastanienallee 1", "10435 Berlin")
    assert form["to[address_country]"] == "DE"


@pytest.mark.parametrize(
    "dispatch",
    [
        to("1 Main St", "somewhere"),
        to(),
        to("1 Main St", "Austin, TX 78701", name="x" * 41),
        to("x" * 65, "Austin, TX 78701"),
        to("1 Main St", "Austin, TX 78701", proof=ProofOfMailing.CERTIFICATE),
    ],
)
def test_what_lob_cannot_take_is_refused_without_words_of_the_customer(dispatch: Dispatch) -> None:
    with pytest.raises(PermanentError) as told:
        form_of(dispatch, SETTINGS)

    assert not [line for line in dispatch.recipient.address_lines if line in str(told.value)]


def test_a_proof_of_mailing_is_asked_of_the_post() -> None:
    form = form_of(to("1 Main St", "Austin, TX 78701", proof=ProofOfMailing.CERTIFIED), SETTINGS)

    assert (form["extra_service"], form["mail_type"]) == ("certified", "usps_first_class")
