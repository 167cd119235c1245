"""Who may speak for which source."""

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.speakers import EVERYBODY_FOR_ALL, Speakers

NAMES = st.sampled_from(["crm", "billing", "portal", "policies"])
SOURCES = st.sampled_from(["crm", "billing", "/policies/eu", "/policies/us", "/claims", "*", ""])
GIVEN = st.sampled_from(["crm", "/policies/eu", "/policies/*", "/claims"])
SPEAKERS = st.builds(
    Speakers,
    told=st.dictionaries(NAMES, st.frozensets(GIVEN, min_size=1)),
    own=st.dictionaries(NAMES, st.frozensets(st.sampled_from(["crm", "billing"]), min_size=1)),
)


@given(NAMES, SOURCES)
def test_where_the_project_says_nothing_everybody_speaks_for_all(speaker: str, source: str) -> None:
    assert EVERYBODY_FOR_ALL.may_speak(speaker, source)


@given(SPEAKERS, NAMES, SOURCES)
def test_what_is_given_to_one_is_nobody_elses_who_is_not_given_it_too(
    speakers: Speakers, speaker: str, source: str
) -> None:
    given = {name for name, told in speakers.told.items() if any(_fits(source, one) for one in told)}
    owning = {name for name, own in speakers.own.items() if source in own}
    expected = speaker in given | owning or (speaker not in speakers.told and not given | owning)
    assert speakers.may_speak(speaker, source) is expected


def _fits(source: str, name: str) -> bool:
    return source == name or (name == "/policies/*" and source in {"/policies/eu", "/policies/us"})
