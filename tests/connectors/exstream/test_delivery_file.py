"""The writer here is the test's own, after the shape of a public integration's logs."""

import codecs
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xconnector.connectors.exstream.delivery_file import (
    DeliveredCustomer,
    DeliveredFile,
    DeliveryTotals,
    GrowingDeliveryFileError,
    read_delivery_file,
)
from xconnector.contract.errors import PermanentError

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16", "iso-8859-1")
REPORT = (
    '<reportFile dataFile="trigger" mimeType="text/plain" name="/x/Report_24_trigger/trigger">'
    '<customer number="2"><key name="k">v</key></customer></reportFile>'
)


def written(files: Sequence[DeliveredFile], encoding: str = "utf-16", *, extra: str = REPORT) -> bytes:
    named = {"utf-8-sig": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}.get(encoding, encoding.upper())
    head = f'<?xml version="1.0" encoding="{named}" standalone="no" ?><!DOCTYPE outputList>\n'
    queues = [
        f"<queue mimeType={quoteattr(kind)} pdl={quoteattr(pdl)} name={quoteattr(queue)}>\n"
        + "".join(map(spelled, group))
        + f"{extra}</queue>\n"
        for (queue, kind, pdl), group in groupby(files, key=lambda file: (file.queue, file.media_type, file.pdl))
    ]
    text = (
        head + f'<outputList transactions="0" customersProcessed="7" pagesProcessed="9">{"".join(queues)}</outputList>'
    )
    content = text.encode(encoding, "xmlcharrefreplace")
    marks = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
    return marks.get(encoding, b"") + content


def spelled(file: DeliveredFile) -> str:
    customers = "".join(
        "<customer"
        + (f' number="{customer.number}"' if customer.number is not None else "")
        + ">"
        + "".join(f"<key name={quoteattr(name)}>{escape(value)}</key>" for name, value in customer.keys.items())
        + "</customer>\n"
        for customer in file.customers
    )
    pages = f"<pageCount>{file.pages}</pageCount>" if file.pages is not None else ""
    size = f"<fileSize>{file.size}</fileSize>" if file.size is not None else ""
    return f"<file name={quoteattr(file.name)}>{customers}{pages}{size}</file>\n"


def a_file(number: int = 1, queue: str = "archive") -> DeliveredFile:
    keys = {"CommunicationId": f"C{number}", "Name": "Jördis & <Sämann>"}
    return DeliveredFile(
        queue=queue,
        media_type="application/pdf",
        pdl="PDF",
        name=f"/mnt/D/jobs/J/F/docgen/S/output/Queue_25_{queue}/ACC{number}.pdf",
        customers=(DeliveredCustomer(number=number, keys=keys),),
        pages=3,
        size=280_033,
    )


def read(content: bytes) -> list[DeliveredFile]:
    return list(read_delivery_file(BytesIO(content)))


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))
NAMES = WORDS.filter(bool)
COUNTS = st.none() | st.integers(0, 10**9)
FILES = st.builds(
    DeliveredFile,
    queue=WORDS,
    media_type=WORDS,
    pdl=WORDS,
    name=NAMES,
    customers=st.lists(
        st.builds(DeliveredCustomer, number=COUNTS, keys=st.dictionaries(WORDS, WORDS, max_size=4)), max_size=3
    ).map(tuple),
    pages=COUNTS,
    size=COUNTS,
)


@given(files=st.lists(FILES, max_size=6), encoding=st.sampled_from(ENCODINGS))
def test_what_an_engine_writes_is_read(files: list[DeliveredFile], encoding: str) -> None:
    readable = [
        replace(file, queue=file.queue.encode("latin-1", "ignore").decode("latin-1"))
        if encoding == "iso-8859-1"
        else file
        for file in files
    ]

    assert read(written(readable, encoding)) == readable


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_is_read(encoding: str) -> None:
    assert read(written([a_file()], encoding)) == [a_file()]


def test_utf_16_needs_no_byte_order_mark() -> None:
    content = written([a_file()], "utf-16-le").removeprefix(codecs.BOM_UTF16_LE)

    assert read(content) == [a_file()]


def test_totals_are_known_and_reports_are_passed_over() -> None:
    reading = read_delivery_file(BytesIO(written([a_file(1), a_file(1, "trigger")])))

    assert [file.queue for file in reading] == ["archive", "trigger"]
    assert reading.totals == DeliveryTotals(transactions=0, customers=7, pages=9)


def test_what_is_not_known_is_passed_over() -> None:
    extra = '<other><file name="no"><customer number="1"/></file></other>'

    assert read(written([a_file()], extra=extra)) == [a_file()]


def test_the_same_customer_twice_is_told_twice() -> None:
    assert read(written([a_file(1), a_file(1), a_file(2)])) == [a_file(1), a_file(1), a_file(2)]


@settings(max_examples=300)
@given(cut=st.integers(0, 10_000), encoding=st.sampled_from(ENCODINGS))
def test_a_cut_file_never_gives_a_wrong_answer(cut: int, encoding: str) -> None:
    files = [a_file(number) for number in range(1, 4)]
    whole = written(files, encoding)
    end = len(whole.decode(encoding).rstrip().encode(encoding))
    assert end == len(whole)

    with pytest.raises(GrowingDeliveryFileError):
        read(whole[: cut % len(whole)])


def test_zeros_of_a_network_file_system_are_not_yet_content() -> None:
    for encoding in ("utf-8", "utf-16"):
        whole = written([a_file(number) for number in range(1, 4)], encoding)
        for cut in range(200, len(whole), 2):
            with pytest.raises(GrowingDeliveryFileError):
                read(whole[:cut] + bytes(len(whole) - cut))


def test_nothing_at_all_is_not_yet_a_delivery_file() -> None:
    with pytest.raises(GrowingDeliveryFileError):
        read(b"")


ROOT = "<outputList><queue name='q'><file name='f'>{}</file></queue></outputList>"


@pytest.mark.parametrize(
    "content",
    [
        "<!DOCTYPE outputList SYSTEM 'http://elsewhere.test/x.dtd'><outputList/>",
        "<!DOCTYPE outputList PUBLIC '-//x' 'http://elsewhere.test/x.dtd'><outputList/>",
        "<!DOCTYPE outputList []><outputList/>",
        "<!DOCTYPE outputList [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><outputList>&b;</outputList>",
        "<!DOCTYPE outputList [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><outputList>&x;</outputList>",
        "<!DOCTYPE outputList [<!ENTITY % x SYSTEM 'file:///etc/passwd'> %x;]><outputList/>",
        "<outputList>&unknown;</outputList>",
        "<otherList/>",
        "<outputList></queue></outputList>",
        "<outputList/><outputList/>",
        "<outputList customersProcessed='many'/>",
        "<outputList><queue name='q'><file/></queue></outputList>",
        ROOT.format("<pageCount>-1</pageCount>"),
        ROOT.format("<fileSize>1e9</fileSize>"),
        ROOT.format("<customer number='१'/>"),
        ROOT.format("<customer><key name='a'>1</key><key name='a'>2</key></customer>"),
        ROOT.format(f"<customer><key name='a'>{'x' * 100_000}</key></customer>"),
        ROOT.format(f"<customer><key name='{'x' * 3_000_000}'>1</key></customer>"),
        ROOT.format("<customer>" + "".join(f"<key name='{n}'>1</key>" for n in range(300)) + "</customer>"),
        "<outputList>" + "<a>" * 100 + "</a>" * 100 + "</outputList>",
        "%PDF-1.7 <x>",
    ],
)
def test_what_no_engine_writes_is_refused(content: str) -> None:
    with pytest.raises(PermanentError, match=r"^the delivery file "):
        read(content.encode())


def test_a_file_of_more_customers_than_memory_should_hold_is_refused_with_a_remedy() -> None:
    with pytest.raises(PermanentError, match="let the design begin a new file"):
        read(ROOT.format("<customer/>" * 100_001).encode())


@given(st.binary(max_size=400))
def test_whatever_lies_there_is_read_or_refused(content: bytes) -> None:
    with suppress(GrowingDeliveryFileError, PermanentError):
        assert read(content) == []


def test_it_tells_no_content() -> None:
    with pytest.raises(PermanentError) as caught:
        read(b"<outputList><queue name='Meyerhold'><file name='Meyerhold'></queue></outputList>")

    assert "Meyerhold" not in str(caught.value)
    assert "Sämann" not in repr(a_file())
    assert "ACC1" not in repr(a_file())
