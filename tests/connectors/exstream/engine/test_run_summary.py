import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.connectors.exstream.engine.run_summary import RunSummary, checked_layout, read_run_summary

SUMMARY = RunSummary(customers=1573, pages=3458, errors=2, return_code=8)


@pytest.mark.parametrize(
    "line",
    [
        b"1573 3458 2 8",
        b"1573,3458,2,8\r\n",
        b"Customers: 1573 Pages: 3458 Errors: 2 Return code: 8",
        "Customers: 1573; pages=3458; errors=2; rc=8\r\n".encode("utf-16"),
        "1573 3458 2 8".encode("utf-16-le"),
    ],
)
def test_four_numbers_are_found_whatever_stands_between_them(line: bytes) -> None:
    assert read_run_summary(line) == SUMMARY


def test_a_layout_may_be_another_one() -> None:
    layout = r"rc=(?P<return_code>\d+) pages=(?P<pages>[\d ]+)"

    assert read_run_summary(b"rc=4 pages=12", layout) == RunSummary(pages=12, return_code=4)


@pytest.mark.parametrize("layout", ["(", "no groups", "(?P<sheets>1)"])
def test_a_layout_names_what_is_counted(layout: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        checked_layout(layout)


@given(st.binary(max_size=300))
def test_any_other_summary_says_nothing_or_numbers(content: bytes) -> None:
    detail = read_run_summary(content).detail()

    assert all(value.isdigit() for value in detail.values())
