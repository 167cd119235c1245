import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.connectors.embedded.wire import (
    FRAME_LIMIT,
    Answers,
    Made,
    Piece,
    Ready,
    Refused,
    Unable,
    frame,
    length_of,
)

ANSWERS = st.one_of(
    st.just(Ready()),
    st.builds(Unable, reason=st.text()),
    st.builds(Refused, reason=st.text()),
    st.builds(
        Made,
        pieces=st.lists(
            st.builds(Piece, kind=st.text(), content=st.binary(), sha256=st.text(), pages=st.none() | st.integers(1, 9))
        ).map(tuple),
        worn=st.booleans(),
    ),
)


@given(answers=st.lists(ANSWERS), cuts=st.lists(st.integers(1, 50)))
def test_answers_arrive_whole_however_they_are_cut(
    answers: list[Ready | Unable | Refused | Made], cuts: list[int]
) -> None:
    stream = b"".join(frame(answer) for answer in answers)
    received = Answers()
    heard: list[Ready | Unable | Refused | Made] = []
    for cut in cuts:
        heard += received.feed(stream[:cut])
        stream = stream[cut:]
    heard += received.feed(stream)

    assert heard == answers


def test_a_frame_beyond_the_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="beyond"):
        length_of((FRAME_LIMIT + 1).to_bytes(4, "big"))
