"""Which returned file is which output, and whose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.connectors.exstream.engine_service.answers import outputs, returned
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.engine_service.returned import (
    ReturnedOutputs,
    bears_keys,
    belonging,
    tells_customers_apart,
)

_PDL = {4: "application/pdf"}


def _design(**files: str | None) -> ExstreamDesign:
    return ExstreamDesign.model_validate({"package": "App.pub", "outputs": outputs(**files)})


def _queues(found: ReturnedOutputs, key: str | None) -> list[tuple[str, bytes]]:
    return sorted((output.queue, output.content) for output in found.of(key))


def test_without_names_the_media_type_decides() -> None:
    files = [
        returned("1", b"PDF", pdl=4),
        returned("2.HTML", b"MAIL"),
        returned("3", b"TEXT", extension="txt"),
        returned("report.dat", b"REPORT"),
    ]

    found = ReturnedOutputs(files, _design(letter=None, email=None, sms=None), _PDL)

    assert _queues(found, None) == [("email", b"MAIL"), ("letter", b"PDF"), ("sms", b"TEXT")]
    assert {output.media_type for output in found.of(None)} == {"application/pdf", "text/html", "text/plain"}


def test_a_name_decides_before_the_media_type() -> None:
    files = [returned("C:\\out\\archive_17.pdf", b"ARCHIVE"), returned("/out/letter.pdf", b"LETTER")]

    found = ReturnedOutputs(files, _design(letter="letter*.pdf"), _PDL)

    assert _queues(found, None) == [("letter", b"LETTER")]


def test_a_file_that_a_name_fits_is_no_other_output() -> None:
    files = [returned("text.txt", b"LOG"), returned("sms.txt", b"SMS"), returned("letter.pdf")]
    design = ExstreamDesign.model_validate(
        {"outputs": {"letter": {"queue": "letter"}, "sms": {"queue": "sms", "file": "sms.txt"}}}
    )

    assert _queues(ReturnedOutputs(files, design, _PDL), None) == [("letter", b"PDF"), ("sms", b"SMS")]


@given(st.sets(st.text(st.characters(exclude_characters="/\\", exclude_categories=["C"]), min_size=1), min_size=1))
def test_each_key_gets_its_own_file(keys: set[str]) -> None:
    design = _design(letter="letter_{key}.pdf")
    files = [returned(f"/out/letter_{key}.pdf", key.encode()) for key in keys]

    found = ReturnedOutputs(files, design, _PDL)

    assert {key: _queues(found, key) for key in keys} == {key: [("letter", key.encode())] for key in keys}


def test_another_customers_file_is_left_alone() -> None:
    found = ReturnedOutputs([returned("letter_B.pdf")], _design(letter="letter_{key}.pdf"), _PDL)

    assert found.of("A") == []
    assert found.of(None) == []


@pytest.mark.parametrize(
    "pattern", ["{key}_*.pdf", "{key}{key}", "a/b.pdf", "a\\b.pdf", "", "****", "{name}.pdf", "a\n.pdf"]
)
def test_a_name_that_can_be_read_in_two_ways_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError):
        _design(letter=pattern or "\t")


def test_only_designs_whose_every_file_bears_the_key_tell_customers_apart() -> None:
    assert tells_customers_apart(_design(letter="{key}.pdf", email="{key}.html"))
    assert not tells_customers_apart(_design(letter="{key}.pdf", email=None))
    assert bears_keys(_design(letter="{key}.pdf", email=None))
    assert not bears_keys(_design(letter="*.pdf"))


def test_reports_do_not_belong_to_a_design() -> None:
    files = [returned("ExstreamReport.dat", None), returned("letter.pdf"), returned("mail.html", None)]

    assert belonging(files, _design(letter=None), _PDL) == files[1:2]
    assert belonging(files, _design(letter=None, email="mail.*"), _PDL) == files[1:]
