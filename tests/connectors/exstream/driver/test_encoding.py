import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.connectors.exstream.driver.samples import TEMPLATE, design_with, hostile_texts, order_with
from xconnector.connectors.exstream.driver.encoding import driver_of, encoder_of
from xconnector.contract.errors import PermanentError

FIELDS = {"Note": "data.note"}
REFUSAL = re.compile(
    r"template 'statement', driver: data\.note ("
    r"has a control character that XML cannot hold: have its source remove it"
    r"|has a control character: have its source remove it"
    r"|has a line break or tab: write `line_breaks: blank` to put a space there"
    r"|is wider than its 20 columns: widen them, or write `cut: true`"
    r"|has a character that the encoding (cp1141|windows-1252) lacks)"
)
"""All that is said of a note: its path, and nothing of what it holds."""
DRIVERS: list[dict[str, Any]] = [
    {"format": "json"},
    {"format": "json", "customers": "lines", "encoding": "utf-16-le"},
    {"format": "xml"},
    {"format": "xml", "fields": FIELDS, "encoding": "iso-8859-1"},
    {"format": "delimited", "encoding": "windows-1252", "records": [{"fields": ["data.note"]}]},
    {"format": "columnar", "encoding": "cp1141", "records": [{"fields": [{"path": "data.note", "width": 20}]}]},
]


@given(st.lists(hostile_texts, max_size=4), st.sampled_from(DRIVERS))
def test_a_customer_is_written_alike_whoever_stands_beside(notes: list[str], driver: dict[str, Any]) -> None:
    design = design_with(**driver)
    encoder = encoder_of(design)
    encoder.start()
    together: list[bytes | str] = []
    for number, note in enumerate(notes, start=1):
        order = order_with({"note": note}, number)
        try:
            together.append(encoder.customer(order))
        except PermanentError as refused:
            together.append(str(refused))

    for number, (note, among_others) in enumerate(zip(notes, together, strict=True), start=1):
        if isinstance(among_others, str):
            assert REFUSAL.fullmatch(among_others)
            continue
        alone = encoder_of(design)
        alone.start()
        assert among_others.endswith(alone.customer(order_with({"note": note}, number)))


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_file_is_its_start_its_customers_and_its_end(driver: dict[str, Any]) -> None:
    orders = [order_with({"note": f"{number}"}, number) for number in (1, 2, 3)]
    encoder = encoder_of(design_with(**driver))

    for _ in range(2):
        written = b"".join([encoder.start(), *map(encoder.customer, orders), encoder.end()])
        assert written == driver_of({TEMPLATE: design_with(**driver)}, orders)


def test_a_driver_says_what_it_is() -> None:
    assert [encoder_of(design_with(**driver)).media_type for driver in DRIVERS[1:]] == [
        "application/json",
        "application/xml",
        "application/xml",
        "text/csv",
        "text/plain",
    ]


@pytest.mark.parametrize("driver", DRIVERS[-2:])
def test_a_driver_of_records_is_called_what_the_shop_calls_it(driver: dict[str, Any]) -> None:
    named = design_with(**{**driver, "media_type": "application/vnd.acme.records; charset=IBM1141"})

    assert encoder_of(named).media_type == "application/vnd.acme.records; charset=IBM1141"


@pytest.mark.parametrize("media_type", ["csv", "text/csv\r\nX-Evil: 1", "text/csv; charset", ""])
def test_what_is_no_media_type_is_refused(media_type: str) -> None:
    with pytest.raises(ValidationError):
        design_with(**{**DRIVERS[-2], "media_type": media_type})


def test_a_template_without_a_design_has_no_driver() -> None:
    with pytest.raises(PermanentError, match=r"^template 'statement' has no exstream.yaml"):
        driver_of({}, [order_with({})])


def test_a_driver_is_of_one_template() -> None:
    with pytest.raises(PermanentError, match="for one template, not for 0"):
        driver_of({TEMPLATE: design_with(format="json")}, [])


def test_a_path_through_a_list_is_refused_with_the_template() -> None:
    order = order_with({"bookings": [{"text": "secret"}]})
    design = design_with(format="json", fields={"Text": "data.bookings.text"})

    with pytest.raises(PermanentError, match=r"^template 'statement', driver: path 'data.bookings.text' leads through"):
        encoder_of(design).single(order)
