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
from xconnector.connectors.exstream.driver.encoding import encoder_of
from xconnector.contract.errors import PermanentError

RECORDS = [
    {"indicator": "CUST", "fields": [{"path": "customer.key", "width": 12}, {"path": "data.note", "width": 30}]},
    {"indicator": "TRAN", "each": "data.bookings", "fields": [{"path": "text", "width": 38}]},
]


@given(st.lists(st.tuples(line_texts, st.lists(line_texts, max_size=3)), max_size=4))
def test_every_value_stands_in_its_columns(contents: list[tuple[str, list[str]]]) -> None:
    encoder = encoder_of(design_with(format="columnar", records=RECORDS))
    orders = [
        order_with({"note": note, "bookings": [{"text": text} for text in texts]}, number)
        for number, (note, texts) in enumerate(contents, start=1)
    ]

    written = b"".join([encoder.start(), *map(encoder.customer, orders), encoder.end()])

    expected: list[tuple[str, ...]] = []
    for number, (note, texts) in enumerate(contents, start=1):
        expected.append(("CUST", f"KUNDE-{number:05}".ljust(12) + note.ljust(30)))
        expected.extend(("TRAN", text.ljust(38)) for text in texts)
    assert [(line[:4], line[4:]) for line in written.decode().split("\n")[:-1]] == expected


EBCDIC = ["cp037", "cp273", "cp500", "cp1140"]


@given(st.data())
@pytest.mark.parametrize("encoding", EBCDIC)
def test_records_of_one_length_need_no_line_ends(encoding: str, data: st.DataObject) -> None:
    printable = [character for character in bytes(range(256)).decode(encoding) if character.isprintable()]
    texts = data.draw(st.lists(st.text(st.sampled_from(printable), max_size=30), min_size=1, max_size=4))
    orders = [order_with({"note": text, "bookings": [{"text": text}]}) for text in texts]

    written = driver_with(
        orders, format="columnar", encoding=encoding, line_end="none", record_length=80, records=RECORDS
    )

    found = [written[at : at + 80].decode(encoding) for at in range(0, len(written), 80)]
    assert [record[16:46] for record in found[::2]] == [text.ljust(30) for text in texts]
    assert [record[4:42] for record in found[1::2]] == [text.ljust(38) for text in texts]
    assert {record[46:] for record in found[::2]} == {" " * 34}


@given(hostile_texts, st.sampled_from(["refuse", "blank"]), st.booleans())
def test_no_value_reaches_into_another_record(note: str, line_breaks: str, cut: bool) -> None:
    records = [
        {"indicator": "CUST", "fields": [{"path": "data.note", "width": 20, "cut": cut}]},
        {"indicator": "REST", "fields": [{"path": "data.note", "width": 20, "cut": cut, "align": "right"}]},
    ]
    written = driver_or_refusal(
        [order_with({"note": note})], format="columnar", line_breaks=line_breaks, records=records
    )
    if isinstance(written, str):
        assert written.startswith("template 'statement', driver: data.note ")
        return
    lines = written.decode().splitlines()
    assert [(line[:4], len(line)) for line in lines] == [("CUST", 24), ("REST", 24)]


@given(line_texts, st.booleans())
def test_widths_may_count_bytes(note: str, cut: bool) -> None:
    records = [{"fields": [{"path": "data.note", "width": 20, "cut": cut}]}]
    order = order_with({"note": note})
    if len(note.encode()) > 20 and not cut:
        with pytest.raises(PermanentError, match=r"data.note is wider than its 20 columns"):
            driver_with([order], format="columnar", widths="bytes", records=records)
        return

    written = driver_with([order], format="columnar", widths="bytes", records=records)

    assert len(written) == 21
    assert note.startswith(written[:20].decode().rstrip(" ")) or note.ljust(20) == written[:20].decode()


def test_a_value_that_is_too_wide_is_refused_with_its_path_and_without_its_value() -> None:
    order = order_with({"note": "", "bookings": [{"text": "secret" * 10}]})

    with pytest.raises(PermanentError) as refused:
        driver_with([order], format="columnar", records=RECORDS)

    assert str(refused.value) == (
        "template 'statement', driver: data.bookings[*].text is wider than its 38 columns: "
        "widen them, or write `cut: true`"
    )


def test_a_character_that_the_encoding_lacks_is_refused_with_its_path_and_without_its_value() -> None:
    order = order_with({"note": "fine", "bookings": [{"text": "fine"}, {"text": "secret €"}]})

    with pytest.raises(PermanentError) as refused:
        driver_with([order], format="columnar", encoding="cp273", records=RECORDS)

    assert str(refused.value) == (
        "template 'statement', driver: data.bookings[*].text has a character that the encoding cp273 lacks"
    )


@pytest.mark.parametrize(
    "value, written",
    [(12.5, "00001250"), (-12.5, "-0001250"), (0, "00000000"), ("1234.56", "00123456"), (-0.0, "00000000")],
)
def test_amounts_are_written_as_mainframes_read_them(value: object, written: str) -> None:
    amount = {
        "path": "data.amount",
        "width": 8,
        "align": "right",
        "pad": "0",
        "decimals": 2,
        "decimal_sign": "none",
    }

    assert driver_with([order_with({"amount": value})], format="columnar", records=[{"fields": [amount]}]) == (
        f"{written}\n".encode()
    )


def test_the_new_line_of_ebcdic_ends_a_record() -> None:
    records = [{"fields": [{"path": "customer.key", "width": 11}]}]

    written = driver_with([order_with({})], format="columnar", encoding="cp1141", line_end="nel", records=records)

    assert written == "KUNDE-00001".encode("cp273") + b"\x15"


@pytest.mark.parametrize(
    "driver, said",
    [
        ({"records": [{"fields": ["customer.key"]}]}, "width"),
        ({"records": RECORDS, "record_length": 40}, "more than its `record_length`"),
        ({"records": [{"fields": [{"path": "data.a", "width": 5, "decimals": 2, "cut": True}]}]}, "another number"),
        ({"records": [*RECORDS, {"indicator": "X"}], "line_end": "none"}, "write `record_length`"),
        ({"records": RECORDS, "widths": "bytes", "encoding": "utf-16-le"}, "in UTF-16 a width counts characters"),
        ({"records": [{"indicator": "Ж"}], "encoding": "cp037"}, "cannot spell an `indicator` or `pad`"),
        ({"records": RECORDS, "encoding": "klingon"}, "Input should be 'utf-8'"),
    ],
)
def test_a_layout_that_does_not_fit_is_refused(driver: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        design_with(format="columnar", **driver)
