from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xconnector.connectors.exstream.delivered import CustomerOutputs, DeliveredCustomers, Name
from xconnector.connectors.exstream.delivery_file import DeliveredCustomer, DeliveredFile
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.contract.composer import Composition
from xconnector.contract.errors import PermanentError, TransientError
from xconnector.domain.document import RenditionKind

DESIGN = ExstreamDesign.model_validate(
    {"outputs": {"letter": {"queue": "archive"}, "sms": {"queue": "text"}}, "key": {"name": "Key"}}
)
BY_POSITION = ExstreamDesign.model_validate({"outputs": {"letter": {"queue": "archive"}}, "key": {"name": "number"}})


def pdf(*widths: int) -> bytes:
    """Return a PDF whose pages are told apart by their widths, and share one list of what they show."""
    document = pikepdf.new()
    shown = document.make_indirect(
        pikepdf.Dictionary(
            XObject=pikepdf.Dictionary(
                {f"/Of{width}": pikepdf.Stream(document, f"% content of {width}".encode()) for width in widths}
            )
        )
    )
    for width in widths:
        page = document.add_blank_page(page_size=(width, 100))
        page.obj.Resources = shown
        page.contents_add(f"/Of{width} Do".encode())
    content = BytesIO()
    document.save(content, static_id=True, compress_streams=False)
    return content.getvalue()


def widths(content: bytes) -> list[int]:
    with pikepdf.open(BytesIO(content)) as document:
        return [int(page.mediabox[2]) for page in document.pages]


def customer(key: str | None, number: int | None = None, **keys: object) -> DeliveredCustomer:
    told = {name: str(value) for name, value in keys.items()}
    return DeliveredCustomer(number=number, keys=told if key is None else {"Key": key, **told})


def pages_of(key: str, first: object, count: object, number: int | None = None) -> DeliveredCustomer:
    return customer(key, number, StartPageCustomer=first, TotalPagesInDocument=count)


def file(
    *customers: DeliveredCustomer,
    name: str = "/x/a.pdf",
    queue: str = "archive",
    media_type: str = "application/pdf",
    size: int | None = None,
) -> DeliveredFile:
    return DeliveredFile(
        queue=queue, media_type=media_type, pdl="PDF", name=name, customers=customers, pages=None, size=size
    )


def shelf(files: dict[str, bytes]) -> Callable[[int, str], BinaryIO]:
    return lambda _, name: BytesIO(files[name])


def composed(
    tmp_path: Path, files: Sequence[DeliveredFile], contents: dict[str, bytes], design: ExstreamDesign = DESIGN
) -> dict[Name, Composition | PermanentError]:
    with (
        DeliveredCustomers(design, scratch=tmp_path) as customers,
        CustomerOutputs(design, template="policy", engine="x", opened=shelf(contents)) as outputs,
    ):
        for one in files:
            customers.add(one)
        return {name: outputs.composed(entries) for name, entries in customers}


def letter(made: Composition | PermanentError) -> bytes:
    assert isinstance(made, Composition), made
    (found,) = [piece.content for piece in made.renditions if piece.kind is RenditionKind.LETTER]
    return found


def test_what_queues_name_apart_is_brought_together(tmp_path: Path) -> None:
    a, b = pdf(101), pdf(102)
    files = [
        file(customer("A"), name="/x/a.pdf"),
        file(customer("B"), name="/x/b.pdf"),
        file(customer("B"), name="/x/b.txt", queue="text", media_type="text/plain"),
        file(customer("A"), name="/x/t", queue="trigger", media_type="text/plain"),
    ]

    made = composed(tmp_path, files, {"/x/a.pdf": a, "/x/b.pdf": b, "/x/b.txt": b"hello"})

    assert letter(made["A"]) == a
    assert isinstance(both := made["B"], Composition)
    assert [piece.content for piece in both.renditions] == [b, b"hello"]
    assert made.keys() == {"A", "B"}


def test_results_by_position_have_numbers_as_keys(tmp_path: Path) -> None:
    made = composed(tmp_path, [file(customer(None, 7))], {"/x/a.pdf": pdf(101)}, BY_POSITION)

    assert made.keys() == {7}


def test_who_has_no_key_is_counted(tmp_path: Path) -> None:
    with DeliveredCustomers(DESIGN, scratch=tmp_path) as customers:
        customers.add(file(customer("A"), customer(None), customer("")))

        assert (customers.outputs, customers.unnamed) == (3, 2)
        assert [name for name, _ in customers] == ["A"]


def test_a_key_that_very_many_share_fails_alone_and_fills_no_memory(tmp_path: Path) -> None:
    files = [file(customer("A", number), name=f"/x/{number}.pdf") for number in range(1, 5001)] + [file(customer("B"))]

    made = composed(tmp_path, files, {"/x/a.pdf": pdf(101)})
    with DeliveredCustomers(DESIGN, scratch=tmp_path) as customers:
        for one in files:
            customers.add(one)
        kept = {name: len(entries) for name, entries in customers}

    assert isinstance(made["A"], PermanentError)
    assert "named more than 100 times: let the key be unique" in str(made["A"])
    assert isinstance(made["B"], Composition)
    assert kept == {"A": 101, "B": 1}


def test_working_files_go_away(tmp_path: Path) -> None:
    customers = DeliveredCustomers(DESIGN, scratch=tmp_path / "deep" / "er")
    customers.add(file(customer("A")))
    assert list(customers)
    customers.close()
    customers.close()

    forgotten = DeliveredCustomers(DESIGN, scratch=tmp_path / "deep" / "er")
    del forgotten

    assert not list((tmp_path / "deep" / "er").iterdir())


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(NAMES, st.sampled_from(["archive", "text", "other"]), NAMES), max_size=60))
def test_every_customer_comes_once_with_all_that_names_it(tmp_path: Path, named: list[tuple[str, str, str]]) -> None:
    expected: dict[Name, list[tuple[str, str]]] = {}
    for key, queue, name in named:
        if queue != "other":
            expected.setdefault(key, []).append((queue, name))

    with DeliveredCustomers(DESIGN, scratch=tmp_path) as customers:
        for key, queue, name in named:
            customers.add(file(customer(key), name=name, queue=queue))
        found = [(name, [(entry.queue, entry.file) for entry in entries]) for name, entries in customers]

    assert dict(found) == expected
    assert len(found) == len(expected)


def test_pages_are_cut_out_of_a_file_of_several_customers(tmp_path: Path) -> None:
    shared = file(pages_of("A", 1, 2), pages_of("B", 3, 1), pages_of("C", 4, 2))
    contents = {"/x/a.pdf": pdf(101, 102, 103, 104, 105)}

    made = composed(tmp_path, [shared], contents)

    assert {key: widths(letter(one)) for key, one in made.items()} == {"A": [101, 102], "B": [103], "C": [104, 105]}
    assert made == composed(tmp_path, [shared], contents)


def test_nothing_of_the_others_is_in_cut_pages(tmp_path: Path) -> None:
    shared = file(pages_of("A", 1, 1), pages_of("B", 2, 1))

    made = composed(tmp_path, [shared], {"/x/a.pdf": pdf(101, 102)})

    with pikepdf.open(BytesIO(letter(made["A"]))) as document:
        plain = BytesIO()
        document.save(plain, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.generalized)
    assert b"content of 101" in plain.getvalue()
    assert b"content of 102" not in plain.getvalue()


@pytest.mark.parametrize(
    "customers",
    [
        (pages_of("A", 1, 2), pages_of("B", 2, 1)),
        (pages_of("A", 1, 1), customer("B")),
        (pages_of("A", 1, 1), pages_of("B", "two", 1)),
        (pages_of("A", 0, 1), pages_of("B", 3, 9)),
        (pages_of("A", 1, 0), pages_of("B", 2, 99)),
    ],
)
def test_pages_that_cannot_be_told_apart_are_given_to_nobody(
    tmp_path: Path, customers: tuple[DeliveredCustomer, ...]
) -> None:
    made = composed(tmp_path, [file(*customers)], {"/x/a.pdf": pdf(101, 102, 103)})

    assert isinstance(made["B"], PermanentError), made["B"]


def test_a_file_of_several_customers_that_is_no_pdf_is_refused_with_a_remedy(tmp_path: Path) -> None:
    shared = file(pages_of("A", 1, 1), pages_of("B", 2, 1), media_type="text/html")

    made = composed(tmp_path, [shared], {"/x/a.pdf": b"<p>"})

    assert "let the design begin a file for each" in str(made["A"])


def test_two_customers_of_one_key_get_nothing_and_are_both_named(tmp_path: Path) -> None:
    files = [
        file(customer("A", 3), name="/x/a.pdf"),
        file(customer("A", 8), name="/x/b.pdf"),
        file(customer("B", 4), name="/x/b.pdf"),
    ]

    made = composed(tmp_path, files, {"/x/a.pdf": pdf(101), "/x/b.pdf": pdf(102)})

    assert isinstance(made["A"], PermanentError)
    assert "customers 3, 8 of the run have one key" in str(made["A"])
    assert isinstance(made["B"], Composition)


def test_two_customers_of_one_key_are_also_found_across_queues(tmp_path: Path) -> None:
    files = [
        file(customer("A", 3), name="/x/a.pdf"),
        file(customer("A", 8), name="/x/b.txt", queue="text", media_type="text/plain"),
    ]

    made = composed(tmp_path, files, {"/x/a.pdf": pdf(101), "/x/b.txt": b"x"})

    assert isinstance(made["A"], PermanentError)


def test_a_file_of_another_size_than_told_is_refused(tmp_path: Path) -> None:
    made = composed(tmp_path, [file(customer("A"), size=5)], {"/x/a.pdf": pdf(101)})

    assert "another size than its delivery file says" in str(made["A"])


def test_an_outage_is_no_customer_s_fault(tmp_path: Path) -> None:
    def opened(_: int, __: str) -> BinaryIO:
        raise TransientError("the mount is gone")

    with (
        DeliveredCustomers(DESIGN, scratch=tmp_path) as customers,
        CustomerOutputs(DESIGN, template="policy", engine="x", opened=opened) as outputs,
    ):
        customers.add(file(customer("A")))
        ((_, entries),) = list(customers)

        with pytest.raises(TransientError):
            outputs.composed(entries)


def test_refusals_tell_no_names(tmp_path: Path) -> None:
    name = "/x/Meyerhold.pdf"
    files = [file(pages_of("Meyerhold", 1, 9), pages_of("B", 10, 1), name=name)]

    made = composed(tmp_path, files, {name: b"Meyerhold"})

    assert [one for one in made.values() if "Meyerhold" in str(one)] == []
