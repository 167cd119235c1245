from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TypedDict
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.consent_words import (
    CATEGORIES,
    MEDIA,
    NOW,
    START,
    by_text,
    grant,
    said,
    scopes,
    stops_and_starts,
    withdrawal,
    words,
    words_of_texts,
)
from xconnector.domain.consent import (
    ALL,
    PROMOTIONAL,
    ConsentAction,
    ConsentBasis,
    ConsentEvent,
    ConsentState,
    ConsentStatus,
    consent_state,
    golden_consents,
    scope_of_unsubscribing,
)
from xconnector.domain.customer import Customer, Provenance
from xconnector.domain.routing.plan import Medium

GIVEN, WITHDRAWN, EXPIRED, NEVER = ConsentStatus


def state(
    *events: ConsentEvent,
    category: str = "bill",
    promotional: bool = False,
    medium: Medium = Medium.EMAIL,
    at: datetime = NOW,
) -> ConsentState:
    return consent_state(events, medium=medium, category=category, promotional=promotional, at=at)


class Asked(TypedDict):
    category: str
    promotional: bool
    medium: Medium
    at: datetime


asked = st.builds(
    Asked,
    category=st.sampled_from(CATEGORIES),
    promotional=st.booleans(),
    medium=st.sampled_from(MEDIA),
    at=st.integers(0, 20).map(lambda day: START + timedelta(days=day)),
)
in_two_orders = st.lists(words, max_size=6).flatmap(lambda some: st.tuples(st.just(some), st.permutations(some)))


@given(in_two_orders, asked)
def test_the_order_of_arrival_never_matters(orders: tuple[list[ConsentEvent], list[ConsentEvent]], how: Asked) -> None:
    one, other = orders

    assert state(*one, **how) == state(*other, **how)


@given(st.lists(words, max_size=6), asked)
def test_when_it_was_recorded_and_how_often_never_matters(events: list[ConsentEvent], how: Asked) -> None:
    late = [replace(event, recorded_at=NOW) for event in events]

    assert _facts(state(*events, *late, **how)) == _facts(state(*events, **how))


@given(st.lists(words, max_size=6), words, asked)
def test_nothing_but_a_grant_ever_gives(events: list[ConsentEvent], one: ConsentEvent, how: Asked) -> None:
    before, after = state(*events, **how).status, state(*events, one, **how).status

    if one.action is ConsentAction.GRANT:
        assert after is GIVEN or before is not GIVEN
    else:
        assert before is GIVEN or after is not GIVEN


@given(st.lists(words, max_size=6), scopes, asked)
def test_after_a_withdrawal_only_what_is_later_counts(events: list[ConsentEvent], scope: str, how: Asked) -> None:
    last = max((event.occurred_at for event in events), default=START)
    no = withdrawal(scope, day=(last - START).days, medium=how["medium"])
    concerned = scope in {ALL, how["category"]} or (scope == PROMOTIONAL and how["promotional"])

    found = state(*events, no, **how)

    assert found.status is WITHDRAWN if concerned else found == state(*events, **how)


@given(st.lists(words, max_size=6), asked)
def test_only_its_own_medium_is_spoken_of(events: list[ConsentEvent], how: Asked) -> None:
    other = [event for event in events if event.medium is not how["medium"]]

    assert state(*other, **how).status is NEVER


@given(st.lists(words, max_size=6), asked)
def test_the_rules_hold_as_they_are_written(events: list[ConsentEvent], how: Asked) -> None:
    assert state(*events, **how).status is _by_the_book(events, **how)


def _by_the_book(
    events: Sequence[ConsentEvent], *, category: str, promotional: bool, medium: Medium, at: datetime
) -> ConsentStatus:
    """The rules once more, grant by grant and withdrawal by withdrawal."""
    narrow_to_wide = [category, *([PROMOTIONAL] if promotional else []), ALL]
    ours = [event for event in events if event.medium is medium and event.scope in narrow_to_wide]
    withdrawals = [event for event in ours if event.action is ConsentAction.WITHDRAW]
    ends = [event for event in ours if event.action is ConsentAction.EXPIRE]
    grants = [
        event
        for event in ours
        if event.action is ConsentAction.GRANT and event.occurred_at <= at and not (promotional and event.scope == ALL)
    ]
    for yes in grants:
        is_over = yes.expires_on is not None and yes.expires_on <= at.date()
        is_ended = any(end.occurred_at >= yes.occurred_at for end in ends)
        lifts_all = all(
            no.occurred_at < yes.occurred_at
            and yes.basis is ConsentBasis.EXPRESS
            and narrow_to_wide.index(yes.scope) <= narrow_to_wide.index(no.scope)
            for no in withdrawals
        )
        if lifts_all and not is_over and not is_ended:
            return GIVEN
    return WITHDRAWN if withdrawals else EXPIRED if grants else NEVER


def test_a_late_import_of_an_old_grant_lifts_no_withdrawal() -> None:
    assert state(withdrawal(day=5, recorded_day=5), grant(day=4, recorded_day=9)).status is WITHDRAWN


def test_of_one_moment_the_withdrawal_wins() -> None:
    assert state(grant(day=3), withdrawal(day=3)).status is WITHDRAWN


def test_a_yes_to_one_thing_after_a_no_to_everything_counts_for_that_thing() -> None:
    words_ = (withdrawal(ALL, day=1), grant("bill", day=2))

    assert state(*words_, category="bill").status is GIVEN
    assert state(*words_, category="newsletter").status is WITHDRAWN


def test_a_yes_to_everything_does_not_take_back_a_no_to_one_thing() -> None:
    words_ = (withdrawal("bill", day=1), grant(ALL, day=2))

    assert state(*words_, category="bill").status is WITHDRAWN
    assert state(*words_, category="contract").status is GIVEN


def test_who_takes_everything_by_mail_has_not_asked_for_advertising() -> None:
    assert state(grant(ALL), promotional=True).status is NEVER
    assert state(grant(PROMOTIONAL), promotional=True).status is GIVEN
    assert state(grant("newsletter"), category="newsletter", promotional=True).status is GIVEN


@pytest.mark.parametrize("basis", [ConsentBasis.IMPLIED, None])
def test_only_an_express_grant_lifts_a_withdrawal(basis: ConsentBasis | None) -> None:
    assert state(withdrawal(day=1), grant(day=2, basis=basis)).status is WITHDRAWN
    assert state(grant(day=2, basis=basis)).status is GIVEN


def test_a_grant_counts_until_the_day_before_it_expires() -> None:
    yes = grant(expires_on=date(2026, 1, 8))

    assert state(yes, at=datetime(2026, 1, 7, 23, 59, tzinfo=ZoneInfo("Europe/Berlin"))).status is GIVEN
    assert state(yes, at=datetime(2026, 1, 8, 0, 0, tzinfo=ZoneInfo("Europe/Berlin"))).status is EXPIRED


def test_an_end_ends_what_was_granted_before_and_not_what_comes_after() -> None:
    assert state(grant(day=1), said(ConsentAction.EXPIRE, day=2)).status is EXPIRED
    assert state(grant(day=3), said(ConsentAction.EXPIRE, day=2)).status is GIVEN


def test_a_grant_of_tomorrow_does_not_count_today_but_a_withdrawal_does() -> None:
    assert state(grant(day=11)).status is NEVER
    assert state(grant(day=1), withdrawal(day=11)).status is WITHDRAWN


def test_the_grant_that_proves_most_speaks() -> None:
    found = state(
        grant(day=1, shown=True), grant(day=2), grant(day=3, basis=ConsentBasis.IMPLIED), grant(day=4, basis=None)
    )

    assert (found.basis, found.shown, found.days) == (ConsentBasis.EXPRESS, True, 9)


def test_days_are_counted_in_the_readers_time_zone() -> None:
    yes = replace(grant(), occurred_at=datetime(2026, 1, 1, 23, 30, tzinfo=ZoneInfo("UTC")))

    assert state(yes, at=datetime(2026, 1, 3, 0, 30, tzinfo=ZoneInfo("Europe/Berlin"))).days == 1
    assert state(yes, at=datetime(2026, 1, 3, 0, 30, tzinfo=ZoneInfo("UTC"))).days == 2


@pytest.mark.parametrize("told, status", [(True, GIVEN), ("true", GIVEN), (False, WITHDRAWN), (None, NEVER)])
@pytest.mark.parametrize("promotional", [True, False])
def test_the_golden_record_speaks_of_mail(told: object, status: ConsentStatus, promotional: bool) -> None:
    words_ = golden_consents(_customer(told, day=2), NOW)

    assert state(*words_, promotional=promotional).status is status
    assert state(*words_, promotional=promotional, medium=Medium.SMS).status is NEVER


def test_what_a_nightly_load_repeats_lifts_no_withdrawal() -> None:
    assert state(withdrawal(PROMOTIONAL, day=2), *golden_consents(_customer(True, day=5), NOW)).status is GIVEN
    assert (
        state(withdrawal(PROMOTIONAL, day=2), *golden_consents(_customer(True, day=5), NOW), promotional=True).status
        is WITHDRAWN
    )


def test_a_yes_after_the_golden_records_no_counts() -> None:
    no = golden_consents(_customer(False, day=2), NOW)

    assert state(*no, grant(day=3)).status is GIVEN
    assert state(*no, grant(day=1)).status is WITHDRAWN


def test_a_stop_by_text_withdraws_everything_and_the_button_in_a_mail_only_advertising() -> None:
    assert scope_of_unsubscribing(Medium.SMS) == ALL
    assert scope_of_unsubscribing(Medium.EMAIL) == PROMOTIONAL


def test_the_same_word_has_one_id_whenever_it_is_recorded() -> None:
    assert grant(recorded_day=1).event_id == grant(recorded_day=2).event_id
    assert grant(shown=True).event_id != grant().event_id


def _customer(told: object, *, day: int) -> Customer:
    fields = {} if told is None else {"email_consent": told}
    origin = Provenance(source="crm", as_of=START + timedelta(days=day))
    return Customer(customer_key="K", fields=fields, provenance=dict.fromkeys(fields, origin))


def _facts(found: ConsentState) -> tuple[object, ...]:
    return found.status, found.basis, found.days, found.shown


@pytest.mark.parametrize("told", ["no", "N", "nein", "0", 0, "maybe", "withdrawn"])
def test_what_is_no_clear_yes_withdraws(told: object) -> None:
    customer = Customer(customer_key="K", fields={"email_consent": told}, provenance={})

    said = golden_consents(customer, datetime(2026, 1, 1, tzinfo=UTC))

    assert [event.action for event in said] == [ConsentAction.WITHDRAW]


def texts(most: int) -> st.SearchStrategy[list[ConsentEvent]]:
    return st.lists(words_of_texts | stops_and_starts, max_size=most)


@given(texts(5), st.sampled_from(CATEGORIES), st.booleans())
def test_a_start_takes_back_the_stop_of_its_own_sender_and_no_other_no(
    events: list[ConsentEvent], category: str, promotional: bool
) -> None:
    how = Asked(category=category, promotional=promotional, medium=Medium.SMS, at=NOW)
    own = [event for event in events if event.source == "short code"]
    elsewhere = state(*(event for event in events if event not in own), **how).status
    stop = max((one.occurred_at for one in own if one.action is ConsentAction.WITHDRAW), default=None)
    start = max((one.occurred_at for one in own if one.action is ConsentAction.GRANT), default=None)

    found = state(*events, **how).status

    if elsewhere is WITHDRAWN:
        assert found is WITHDRAWN
    if elsewhere is NEVER and start is not None and not promotional:
        assert found is (GIVEN if stop is None or start > stop else WITHDRAWN)


@given(texts(6).flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))))
def test_a_start_means_the_same_whenever_it_is_told(orders: tuple[list[ConsentEvent], list[ConsentEvent]]) -> None:
    one, other = (state(*order, medium=Medium.SMS) for order in orders)

    assert one == other


def test_a_start_gives_nothing_back_that_was_refused_elsewhere_after_the_stop() -> None:
    stop, no, start = (
        by_text(ConsentAction.WITHDRAW, day=1, source="short code"),
        withdrawal(day=2, medium=Medium.SMS),
        by_text(ConsentAction.GRANT, day=3, source="short code"),
    )

    assert state(stop, start, medium=Medium.SMS).status is GIVEN
    assert state(stop, no, start, medium=Medium.SMS).status is WITHDRAWN
    assert state(stop, no, grant(day=4, medium=Medium.SMS), start, medium=Medium.SMS).status is GIVEN
    assert state(stop, by_text(ConsentAction.GRANT, day=1, source="short code"), medium=Medium.SMS).status is WITHDRAWN
