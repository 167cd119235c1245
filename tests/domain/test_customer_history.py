"""What news comes to."""

from datetime import UTC, datetime, timedelta
from typing import Any

from xconnector.domain.customer import CustomerRecord
from xconnector.domain.customer_history import hear, latest_at

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def _record(day: int, fields: dict[str, Any], *, replaces_all: bool = False) -> CustomerRecord:
    as_of = NOW + timedelta(days=day)
    return CustomerRecord(customer_key="K1", source="crm", as_of=as_of, fields=fields, replaces_all=replaces_all)


def test_news_that_says_everything_anew_is_all_that_is_kept() -> None:
    heard = hear([_record(0, {"email": "a@x.test"})], [_record(1, {"email": "b@x.test", "city": "Bern"})])

    assert heard is not None
    assert heard.latest == [_record(1, {"email": "b@x.test", "city": "Bern"})]
    assert heard.said == ()


def test_news_that_is_summed_up_with_what_was_known_keeps_its_own_words() -> None:
    heard = hear([_record(0, {"email": "a@x.test"})], [_record(1, {"city": "Bern"})])

    assert heard is not None
    assert heard.latest == [_record(0, {"email": "a@x.test"}), _record(1, {"city": "Bern"})]
    assert heard.said == [_record(1, {"city": "Bern"})]


def test_what_is_said_again_word_for_word_is_no_news() -> None:
    known = [_record(0, {"email": "a@x.test"}), _record(1, {"city": "Bern"})]

    assert hear(known, [_record(1, {"city": "Bern"}), _record(0, {"email": "a@x.test"})]) is None


def test_a_record_that_says_nothing_is_no_news() -> None:
    assert hear([], [_record(0, {})]) is None


def test_older_news_is_kept_though_nothing_changes_now() -> None:
    known = [_record(5, {"email": "new@x.test"})]
    heard = hear(known, [_record(1, {"email": "old@x.test"})])

    assert heard is not None
    assert heard.latest == known
    assert heard.said == [_record(1, {"email": "old@x.test"})]


def test_a_moment_hides_what_was_not_so_yet() -> None:
    history = [_record(0, {"email": "a@x.test"}), _record(4, {}, replaces_all=True), _record(6, {"city": "Bern"})]

    assert latest_at(history, NOW + timedelta(days=3)) == [_record(0, {"email": "a@x.test"})]
    assert latest_at(history, NOW + timedelta(days=5)) == [_record(4, {}, replaces_all=True)]
    assert latest_at(history, None) == [_record(4, {}, replaces_all=True), _record(6, {"city": "Bern"})]
