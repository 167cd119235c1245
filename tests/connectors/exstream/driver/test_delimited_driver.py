import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.connectors.exstream.driver.samples import (
    design_with,
    driver_or_refusal,
    driver_with,
    hostile_texts,
    line_texts,
    order_with,
)
from xconnector.contract.errors import PermanentError

RECORDS = [
    {"indicator": "CUST", "fields": ["customer.key", "data.note"]},
    {"indicator": "TRAN", "each": "data.bookings", "fields": ["text", "/data.note"]},
]


@given(
    st.lists(st.tuples(line_texts, st.lists(line_texts, max_size=3)), max_size=4),
    st.sampled_from([",", ";", "|", "\t"]),
    st.sampled_from(["as_needed", "always"]),
    st.sampled_from(["lf", "crlf"]),
)
def test_every_record_comes_back(
    contents: list[tuple[str, list[str]]], delimiter: str, quoting: str, line_end: str
) -> None:
    orders = [
        order_with({"note": note, "bookings": [{"text": text} for text in texts]}, number)
        for number, (note, texts) in enumerate(contents, start=1)
    ]

    written = b"".join(
        driver_with(
            [order], format="delimited", delimiter=delimiter, quoting=quoting, line_end=line_end, records=RECORDS
        )
        for order in orders
    )

    expected: list[list[str]] = []
    for number, (note, texts) in enumerate(contents, start=1):
        expected.append(["CUST", f"KUNDE-{number:05}", note])
        expected.extend(["TRAN", text, note] for text in texts)
    assert list(csv.reader(io.StringIO(written.decode(), newline=""), delimiter=delimiter, strict=True)) == expected


@given(hostile_texts, st.sampled_from(["as_needed", "always", "never"]), st.sampled_from(["refuse", "blank"]))
def test_no_value_reaches_into_another_line(note: str, quoting: str, line_breaks: str) -> None:
    order = order_with({"note": note, "bookings": [{"text": note}]})
    written = driver_or_refusal([order], format="delimited", quoting=quoting, line_breaks=line_breaks, records=RECORDS)
    if isinstance(written, str):
        assert written.startswith("template 'statement', driver: data.")
        return
    lines = written.decode().splitlines()
    assert [line.lstrip('"')[:4] for line in lines] == ["CUST", "TRAN"]
    assert [len(row) for row in csv.reader(lines, strict=True)] == [3, 3]


@given(st.text(st.sampled_from('a\n\r\t\x0b\x0c\x85\u2028", '), max_size=20))
def test_line_breaks_may_stay_between_quotes(note: str) -> None:
    order = order_with({"note": note, "bookings": []})

    written = driver_with([order], format="delimited", line_breaks="quote", records=RECORDS)

    assert list(csv.reader(io.StringIO(written.decode(), newline=""), strict=True)) == [["CUST", "KUNDE-00001", note]]


def test_a_header_names_the_fields_once() -> None:
    records = [{"fields": [{"name": "Customer", "path": "customer.key"}, "data.note"]}]
    orders = [order_with({"note": "x"}, number) for number in (1, 2)]

    written = driver_with(orders, format="delimited", header=True, records=records)

    assert written.decode() == "Customer,data.note\nKUNDE-00001,x\nKUNDE-00002,x\n"


def test_the_indicator_stands_where_the_project_says() -> None:
    written = driver_with(
        [order_with({"note": "x", "bookings": [{"text": "y"}]})],
        format="delimited",
        indicator_place=2,
        records=RECORDS,
    )

    assert written.decode() == "KUNDE-00001,CUST,x\ny,TRAN,x\n"


def test_records_follow_the_record_that_they_belong_to() -> None:
    records = [
        {"indicator": "C", "fields": ["customer.key"]},
        {
            "indicator": "P",
            "each": "data.policies",
            "fields": ["number"],
            "records": [{"indicator": "X", "each": "covers", "fields": ["name"]}],
        },
    ]
    policies = [{"number": "1", "covers": [{"name": "a"}, {"name": "b"}]}, {"number": "2"}]

    written = driver_with([order_with({"policies": policies})], format="delimited", records=records)

    assert written.decode().split() == ["C,KUNDE-00001", "P,1", "X,a", "X,b", "P,2"]


def test_a_record_without_any_value_is_not_taken_for_none() -> None:
    written = driver_with([order_with({})], format="delimited", records=[{"fields": ["data.note"]}])

    assert written == b'""\n'


def test_a_value_that_cannot_be_quoted_is_refused_without_being_told() -> None:
    order = order_with({"note": "fine", "bookings": [{"text": "secret, text"}]})

    with pytest.raises(PermanentError) as refused:
        driver_with([order], format="delimited", quoting="never", records=RECORDS)

    assert str(refused.value) == (
        "template 'statement', driver: data.bookings[*].text has a delimiter or quote, and `quoting` is never"
    )


WRONG: list[tuple[dict[str, object], str]] = [
    ({"records": []}, "at least 1 item"),
    ({"records": [{"each": "data.bookings", "fields": ["text"]}]}, "it has no `each`"),
    ({"records": [{"fields": ["customer.key"]}, {"indicator": "T", "fields": ["data.note"]}]}, "each has an `ind"),
    ({"records": [RECORDS[0], RECORDS[0]]}, "the same `indicator`"),
    ({"records": RECORDS, "header": True}, "`header` is for drivers of one kind"),
    ({"records": RECORDS, "delimiter": '"'}, "two different signs"),
    ({"records": RECORDS, "delimiter": "a"}, "should match pattern"),
    ({"records": RECORDS, "quoting": "never", "line_breaks": "quote"}, "needs quotes"),
    ({"records": [{"fields": ["data.note"]}], "quoting": "never"}, "a `required` field"),
    ({"records": [{}]}, "neither `indicator` nor `fields`"),
    ({"records": RECORDS, "encoding": "cp500", "delimiter": "€"}, "cannot spell"),
]


@pytest.mark.parametrize("driver, said", WRONG)
def test_a_layout_that_could_not_be_read_is_refused(driver: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        design_with(format="delimited", **driver)
