"""What the service answers is read, whichever way its files travel."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.exstream.engine_service.answers import compose_response, engine_exception, fault, file_element
from xconnector.connectors.exstream.engine_service.answer import ComposeAnswer, read_answer
from xconnector.connectors.exstream.engine_service.mtom import Packed, pack
from xconnector.connectors.exstream.soap import Fault, UnreadableXmlError


def _read(content: bytes, media_type: str = "text/xml") -> ComposeAnswer:
    answer = read_answer(Packed(media_type=media_type, content=content))
    assert isinstance(answer, ComposeAnswer)
    return answer


@given(st.binary(min_size=1, max_size=500), st.integers(0, 16))
def test_files_come_with_their_headers(content: bytes, return_code: int) -> None:
    answer = _read(
        compose_response(
            file_element("/out/a.pdf", content, PDL=4, returnCode=return_code, pageCount=3, defaultExtension=".PDF")
            + "<statusMessage> done </statusMessage>"
        )
    )

    (file,) = answer.files
    assert (file.name, file.content) == ("/out/a.pdf", content)
    assert (file.header.return_code, file.header.pdl) == (return_code, 4)
    assert (file.header.pages, file.header.extension) == (3, "pdf")
    assert answer.status == "done"


@pytest.mark.parametrize("told, size", [("17", 17), ("0", None), ("", None), ("x", None)])
def test_the_size_of_a_file_is_what_the_service_tells_unless_it_is_none(told: str, size: int | None) -> None:
    (file,) = _read(compose_response(file_element("a.pdf", None, outputLength=told))).files

    assert file.header.size == size


@given(st.binary(min_size=1, max_size=500))
def test_files_may_come_beside_the_envelope(content: bytes) -> None:
    include = '<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:1%40there"/>'
    envelope = compose_response(f"<files><fileName>a</fileName><fileOutput>{include}</fileOutput></files>")

    packed = pack(envelope, {"1@there": content})

    assert _read(packed.content, packed.media_type).files[0].content == content


def test_base64_may_be_broken_into_lines() -> None:
    text = b64encode(b"x" * 100).decode()
    lines = "\r\n ".join(text[start : start + 76] for start in range(0, len(text), 76))

    answer = _read(compose_response(f"<files><fileName>a</fileName><fileOutput>\n{lines}\n</fileOutput></files>"))

    assert answer.files[0].content == b"x" * 100


@pytest.mark.parametrize("output", ["", "<fileOutput/>", "<fileOutput> </fileOutput>"])
def test_a_file_may_be_no_more_than_a_name(output: str) -> None:
    answer = _read(compose_response(f"<files><fileName>a.pdf</fileName>{output}</files>"))

    assert answer.files[0].content is None


@pytest.mark.parametrize("told", ["", "-1", "1e3", "١٢", "12345678901234567890", "twelve"])
def test_what_is_no_number_is_told_by_none(told: str) -> None:
    assert _read(compose_response(file_element("a", returnCode=told))).files[0].header.return_code is None


def test_a_fault_is_no_answer() -> None:
    read = read_answer(Packed(media_type="text/xml", content=fault("Server", "x", engine_exception("y"))))

    assert isinstance(read, Fault)
    assert read.detail == "EngineServiceException"


@pytest.mark.parametrize(
    "content",
    [
        compose_response("").replace(b"ComposeResponse", b"OtherResponse"),
        compose_response("").replace(b"return", b"other"),
        compose_response("<files><fileOutput>no base64!</fileOutput></files>"),
        compose_response("<files><fileOutput>Jördis</fileOutput></files>"),
        compose_response(
            '<files><fileOutput><i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="cid:none"/>'
            "</fileOutput></files>"
        ),
        compose_response(
            '<files><fileOutput><i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="file:///etc/passwd"/>'
            "</fileOutput></files>"
        ),
    ],
)
def test_what_is_no_answer_to_compose_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableXmlError) as refused:
        _read(content)

    assert "Jördis" not in f"{refused.value!r} {refused.value.__cause__!r}"


def test_an_answer_shows_no_content() -> None:
    answer = _read(compose_response(file_element("a", b"secret") + "<statusMessage>for Anna</statusMessage>"))

    assert "secret" not in repr(answer)
    assert "Anna" not in repr(answer)
