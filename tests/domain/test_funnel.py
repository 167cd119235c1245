from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.communication import State
from xconnector.domain.evidence import Evidence
from xconnector.domain.funnel import Bucket, Course, FunnelStep, Records, Whereabouts, bucket_of, funnel

GRADES = st.none() | st.sampled_from(Evidence)
COURSES = st.builds(
    Course,
    state=st.sampled_from(State),
    came_to=st.sampled_from([*FunnelStep][:4]),
    event=st.sampled_from(["", "dismissed"]),
    reason=st.none() | st.just("opt-out"),
    holds=GRADES,
    returned=GRADES,
    return_reason=st.none() | st.just("bounced: address"),
)
COUNTS = st.integers(0, 50)
RECORDS = st.builds(
    Records,
    unread=COUNTS,
    unasked=COUNTS,
    repeated=COUNTS,
    refused=COUNTS,
    set_aside=COUNTS,
    asked_for_none=COUNTS,
)


@given(st.lists(st.tuples(COURSES, COUNTS), max_size=12), RECORDS)
def test_everything_ordered_lies_in_one_bucket_and_each_step_is_the_sum_of_what_came_no_further_and_the_next(
    courses: list[tuple[Course, int]], records: Records
) -> None:
    of_records = records.unread + records.unasked + records.repeated + records.refused
    ordered = sum(number for _, number in courses) + of_records + records.set_aside + records.asked_for_none
    made = funnel(ordered, courses, records)

    assert made.difference == 0
    assert made.lines[0].reached == ordered
    for line, following in pairwise([*made.lines, None]):
        assert line is not None
        stayed = line.on_its_way + line.lost + line.unknown + line.there
        assert line.reached == stayed + (following.reached if following else 0)
    assert made.unknown == sum(line.unknown for line in made.lines)


@given(COURSES)
def test_every_loss_and_all_that_is_unknown_has_a_reason(course: Course) -> None:
    bucket = bucket_of(course)
    if bucket.whereabouts is Whereabouts.LOST:
        assert bucket.reason


def test_what_was_handed_over_and_of_which_nothing_was_heard_is_unknown() -> None:
    silent = Course(state=State.COMPLETED, came_to=FunnelStep.APPROVED, holds=Evidence.HANDED_OVER)
    lost = Course(state=State.OUTCOME_UNKNOWN, came_to=FunnelStep.APPROVED)

    assert bucket_of(silent) == Bucket(
        step=FunnelStep.HANDED_OVER, whereabouts=Whereabouts.UNKNOWN, reason="nothing heard yet"
    )
    assert bucket_of(lost) == Bucket(
        step=FunnelStep.APPROVED, whereabouts=Whereabouts.UNKNOWN, reason="outcome unknown"
    )


def test_what_came_back_stands_at_its_next_hop_and_is_lost_where_there_is_none() -> None:
    going_on = Course(
        state=State.COLLECTED,
        came_to=FunnelStep.APPROVED,
        returned=Evidence.ACCEPTED,
        return_reason="bounced: address",
    )

    assert bucket_of(going_on).step is FunnelStep.APPROVED
    assert bucket_of(replace(going_on, state=State.FAILED)) == Bucket(
        step=FunnelStep.ACCEPTED, whereabouts=Whereabouts.LOST, reason="bounced: address"
    )
