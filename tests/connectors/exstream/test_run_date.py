"""The date that a document bears, as the engine is told it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from xconnector.connectors.exstream.run_date import as_run_date, printed_date
from xconnector.contract.composer import Order
from xconnector.testing.orders import sample_order


def order_dated(date: object) -> Order:
    order = replace(sample_order(template="notice"), issued_at=datetime(2026, 11, 23, 23, 30, tzinfo=UTC))
    return replace(order, data={**order.data, "communication": {**order.data["communication"], "date": date}})


@pytest.mark.parametrize("value", ["2026-11-24", "2026-11-24T00:30:00+01:00"])
def test_the_date_that_is_printed_counts(value: str) -> None:
    assert as_run_date(printed_date(order_dated({"value": value}))) == "11/24/2026"


@pytest.mark.parametrize("date", [None, {"value": None}, {"value": "tomorrow"}, {"text": "2026-11-24"}, "2026-11-24"])
def test_where_none_is_printed_it_is_the_day_of_issue(date: object) -> None:
    assert as_run_date(printed_date(order_dated(date))) == "11/23/2026"
