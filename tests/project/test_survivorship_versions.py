from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.golden import Survivorship
from xconnector.domain.survivorship import Rule, SurvivorshipRow
from xconnector.project.survivorship_versions import kept_form, read_kept

names = st.text(min_size=1, max_size=8)
rows = st.lists(
    st.builds(
        SurvivorshipRow,
        row=names,
        fields=st.lists(names, min_size=1, max_size=3).map(tuple),
        rule=st.sampled_from(Rule),
        sources=st.lists(names, max_size=3).map(tuple),
        max_age=st.none() | st.integers(1, 10_000).map(lambda hours: timedelta(hours=hours)),
        must_be_verified=st.booleans(),
    ),
    max_size=4,
)


@given(rows, rows)
def test_what_is_kept_reads_as_the_same_table_and_only_the_same_has_its_digest(
    some: list[SurvivorshipRow], others: list[SurvivorshipRow]
) -> None:
    kept, other = kept_form(Survivorship(some)), kept_form(Survivorship(others))

    assert read_kept(kept).rows == tuple(some)
    assert (kept.sha256 == other.sha256) == (some == others)
