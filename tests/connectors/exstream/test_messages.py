import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.connectors.exstream.messages import (
    EngineRemark,
    MessageCounts,
    MessageEncoding,
    Severity,
    most_severe,
    read_messages,
)

LINES = "EX000001I Engine started\r\nEX003004W Customer K-7: no street, Jördis\r\nEX004021E\r\n"


def read(content: bytes, encoding: MessageEncoding = "UTF16") -> list[EngineRemark]:
    return list(read_messages(io.BytesIO(content), encoding=encoding))


def ids(messages: list[EngineRemark]) -> list[str]:
    return [message.message_id for message in messages]


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-8", "utf-8-sig", "latin-1"])
def test_whatever_it_is_written_in_ids_and_texts_are_found(codec: str) -> None:
    messages = read(LINES.encode(codec), "UTF8" if codec == "utf-8" else "UTF16")

    assert ids(messages) == ["EX000001I", "EX003004W", "EX004021E"]
    assert messages[1].text == "Customer K-7: no street, Jördis"
    assert messages[1].severity is Severity.WARNING


def test_a_byte_order_mark_is_believed_before_the_setting() -> None:
    assert ids(read(LINES.encode("utf-16"), "ISO88591")) == ["EX000001I", "EX003004W", "EX004021E"]


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_file_that_still_grows_gives_what_is_there(cut: int) -> None:
    content = LINES.encode("utf-16")

    assert ids(read(content[:-cut])) == ids(read(content))[: len(ids(read(content[:-cut])))]


@pytest.mark.parametrize(
    "line",
    ["12:01:02 [EX004021E] it broke", "EX004021E", "\tEX004021E|it broke", "<m id='EX004021E'>", "xx EX004021E: x"],
)
def test_ids_are_found_wherever_they_stand_on_a_line(line: str) -> None:
    assert ids(read(line.encode("utf-16"))) == ["EX004021E"]


@pytest.mark.parametrize("line", ["EX00402E", "EX0040211E", "AEX004021E", "EX004021EE", "EX004021X", "ex004021e"])
def test_what_is_no_id_is_passed_over(line: str) -> None:
    assert read(line.encode("utf-16")) == []


def test_several_messages_of_one_line_keep_their_texts_apart() -> None:
    first, second = read("EX000001I one EX000002W two".encode("utf-16"))

    assert (first.text, second.text) == ("one", "two")


def test_texts_stand_in_no_representation() -> None:
    assert "Jördis" not in repr(read(LINES.encode("utf-16")))


def test_the_worst_come_first_and_information_is_left_out() -> None:
    counts = MessageCounts(read((LINES + "EX003004W again\r\nEX001001S gone\r\n").encode("utf-16")))

    assert counts.told() == "EX001001S, EX004021E, EX003004W (2 times)"
    assert "Jördis" in counts.told(with_texts=True)
    assert counts.of(Severity.WARNING) == 2


def test_a_flood_of_ids_is_told_in_short() -> None:
    content = "".join(f"EX{number:06}E x\n" for number in range(2000))

    counts = MessageCounts(read(content.encode("utf-16")))

    assert counts.told().count("EX") == 12
    assert counts.told().endswith("and 988 more")


def test_the_worst_severity_is_that_of_the_worst_message() -> None:
    assert most_severe(read(LINES.encode("utf-16"))) is Severity.ERROR
    assert most_severe([]) is None


@given(st.binary(max_size=400), st.sampled_from(["UTF16", "UTF8", "ISO88591", "ISO88592", "SINGLEBYTE"]))
def test_no_file_is_refused(content: bytes, encoding: MessageEncoding) -> None:
    assert all(len(message.message_id) == 9 for message in read(content, encoding))


@given(st.lists(st.tuples(st.integers(0, 999_999), st.sampled_from("IWES")), max_size=50))
def test_all_messages_of_a_file_are_found(written: list[tuple[int, str]]) -> None:
    spelled = [f"EX{number:06}{severity}" for number, severity in written]

    assert ids(read("\n".join(spelled).encode("utf-16-le"))) == spelled


def test_the_stream_stays_open() -> None:
    stream = io.BytesIO(LINES.encode("utf-16"))

    list(read_messages(stream))

    assert not stream.closed
