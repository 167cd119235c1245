"""Where sources say different things of one customer, however they write them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.comparable import comparable
from xconnector.domain.customer import CustomerRecord
from xconnector.domain.disagreement import Comparison, compared
from xconnector.project.contact_forms import written_alike

AT = datetime(2026, 1, 1, tzinfo=UTC)
ALIKE = partial(written_alike, home_country="DE")


def _said(source: str, fields: Mapping[str, Any]) -> CustomerRecord:
    return CustomerRecord(customer_key="K1", source=source, as_of=AT, fields=fields)


def _compared(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, bool]:
    return {found.name: found.differs for found in compared([_said("crm", one), _said("billing", other)], ALIKE)}


@pytest.mark.parametrize(
    "name, one, other",
    [
        ("email", "Anna.Meyer@X.test", " anna.meyer@x.test"),
        ("mobile", "+49 170 1234567", "0049-170/1234567"),
        ("mobile", "0170 1234567", "+491701234567"),
        ("last_name", "MEYER  von Au", "Meyer von Au"),
        ("title", "Dr.", "Dr"),
        ("birth_date", "1984-03-12", "1984-03-12"),
        ("portal_account", True, True),
    ],
)
def test_what_is_only_written_otherwise_is_the_same(name: str, one: object, other: object) -> None:
    assert _compared({name: one}, {name: other}) == {name: False}


@pytest.mark.parametrize(
    "name, one, other",
    [
        ("email", "a@x.test", "b@x.test"),
        ("mobile", "+491701234567", "+491701234568"),
        ("portal_account", True, False),
        ("tags", ["a", "b"], ["a"]),
        ("last_name", "Meyer", "Maier"),
    ],
)
def test_what_is_something_else_differs(name: str, one: object, other: object) -> None:
    assert _compared({name: one}, {name: other}) == {name: True}


def test_of_an_address_the_parts_that_both_give_are_compared() -> None:
    crm = {"address_lines": ["Hof 1,"], "postcode": "10115", "city": "Berlin", "country": "Deutschland"}

    assert _compared(crm, {"address_lines": ["hof 1"], "city": "BERLIN"}) == {"address": False}
    assert _compared({**crm, "country": "Germany"}, {**crm, "country": "DE"}) == {"address": False}
    assert _compared(crm, {"address_lines": ["Hof 2"], "city": "Berlin"}) == {"address": True}


def test_only_what_is_asked_is_compared() -> None:
    records = [_said(source, {"email": f"{source}@x.test", "mobile": "+491"}) for source in ("a", "b", "c")]

    pairs = [(one.name, one.source, one.other) for one in compared(records, ALIKE, names={"email"})]
    assert pairs == [("email", "a", "b"), ("email", "a", "c"), ("email", "b", "c")]
    assert {one.source + one.other for one in compared(records, ALIKE, sources={"a", "c"})} == {"ac"}
    assert [*compared(records[:1], ALIKE)] == []


values = (
    st.text() | st.booleans() | st.integers() | st.lists(st.text(), max_size=3) | st.dictionaries(st.text(), st.text())
)


@given(st.sampled_from(["email", "mobile", "city", "address_lines", "tier"]), values, values)
def test_nobody_disagrees_with_themselves_and_a_disagreement_is_mutual(name: str, one: object, other: object) -> None:
    assert comparable(name, one) == comparable(name, one)
    assert not any(_compared({name: one}, {name: one}).values())
    assert _compared({name: one}, {name: other}) == _compared({name: other}, {name: one})


def test_a_comparison_does_not_show_its_content_when_printed() -> None:
    comparison = Comparison(name="email", source="a", other="b", value="a@x.test", other_value="b@x.test", differs=True)

    assert "x.test" not in repr(comparison)
