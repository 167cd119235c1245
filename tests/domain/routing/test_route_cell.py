from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.routing.plan import ProofOfMailing, Suppression
from xconnector.domain.routing.route_cell import Proposal, ProposedHop, proposal_of, spelled

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}", fullmatch=True) | st.sampled_from(["or", "for", "with", "email"])
COUNTS = st.integers(1, 9999)
WAITS = COUNTS.flatmap(
    lambda count: st.sampled_from([timedelta(minutes=count), timedelta(hours=count), timedelta(days=count)])
)


@st.composite
def proposals(draw: st.DrawFn) -> Proposal:
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    hops: list[ProposedHop] = []
    while names:
        taken = draw(st.integers(1, len(names)))
        wait, proof = draw(st.none() | WAITS), draw(st.none() | st.sampled_from(ProofOfMailing))
        hops.append(ProposedHop(choices=tuple(names[:taken]), wait=wait, proof=proof))
        names = names[taken:]
    return Proposal(hops=tuple(hops))


@given(proposals() | st.builds(Suppression, reason=st.from_regex(r"\S(.*\S)?", fullmatch=True)))
def test_a_route_that_is_spelled_and_read_again_is_the_same(proposed: Proposal | Suppression) -> None:
    assert proposal_of(spelled(proposed)) == proposed


def test_a_route_says_its_connections_waiting_times_and_proofs_in_order() -> None:
    proposed = proposal_of("email or portal for 5 days,  print with certificate of mailing")

    assert proposed == Proposal(
        hops=(
            ProposedHop(choices=("email", "portal"), wait=timedelta(days=5)),
            ProposedHop(choices=("print",), proof=ProofOfMailing.CERTIFICATE),
        )
    )


@pytest.mark.parametrize(
    "cell, spelling",
    [
        ("portal for 1 days", "portal for 1 day"),
        ("portal for 48 hours", "portal for 2 days"),
        ("portal for 36 hours", "portal for 36 hours"),
        ("portal for 90 minutes with tracked", "portal for 90 minutes with tracked"),
        ("suppress:no consent ", "suppress: no consent"),
    ],
)
def test_a_route_has_one_spelling(cell: str, spelling: str) -> None:
    assert spelled(proposal_of(cell)) == spelling


@pytest.mark.parametrize(
    "cell, remedy",
    [
        ("", "in order"),
        ("-", "in order"),
        ("email,", "in order"),
        ("email or", "in order"),
        ("email for five days", "in order"),
        ("email for 5 weeks", "in order"),
        ("email for 99999 days", "in order"),
        ("e mail", "in order"),
        ("email for 0 days", "how long to wait"),
        ("print with luck", "certificate of mailing, tracked, certified, registered"),
        ("print, email or print", "each once"),
        ("suppress:", "write the reason"),
        ("suppress:  ", "write the reason"),
    ],
)
def test_what_is_no_route_is_refused_with_what_to_write(cell: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=remedy):
        proposal_of(cell)


@given(st.text(max_size=40) | st.text(alphabet="email or,5dayswith", max_size=40))
def test_any_text_is_a_route_or_a_refusal(cell: str) -> None:
    try:
        proposed = proposal_of(cell)
    except ValueError:
        return
    assert proposal_of(spelled(proposed)) == proposed
