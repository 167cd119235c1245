"""Push messages are short, lead to good places, and are read as they were kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.push import LARGEST, LONGEST_TITLE, PushError, PushNotice, push_content, push_of_text, read_push

WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(str.strip)
LINKS = st.sampled_from([None, "https://portal.test/a?b=c", "bank://statements/7"])


@given(WORDS, st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=200), LINKS)
def test_what_was_kept_is_read_again(title: str, body: str, link: str | None) -> None:
    message = PushNotice(title=title, body=body, link=link)

    assert read_push(push_content(message)) == message


@given(st.text(max_size=300))
def test_any_text_becomes_a_message_or_is_refused(text: str) -> None:
    try:
        message = push_of_text(text)
    except PushError:
        return
    assert len(push_content(message)) <= LARGEST


@given(st.binary(max_size=80))
def test_bytes_that_are_no_message_are_refused(content: bytes) -> None:
    with pytest.raises(PushError):
        read_push(content)


def test_the_first_line_is_the_title_and_a_link_alone_in_the_last_where_it_leads() -> None:
    message = push_of_text("\n Ihre Police ist da \n\nSie finden sie\nim Portal.\n\nhttps://portal.test/x\n")

    assert message == PushNotice(
        title="Ihre Police ist da", body="Sie finden sie\nim Portal.", link="https://portal.test/x"
    )
    assert push_of_text("https://portal.test/").link is None


@pytest.mark.parametrize(
    "message",
    [
        PushNotice(title="", body="x"),
        PushNotice(title="x" * (LONGEST_TITLE + 1), body=""),
        PushNotice(title="x", body="é" * (LARGEST // 2)),
        PushNotice(title="x", body="\ud83d"),
        PushNotice(title="x", body="", link="http://portal.test/"),
        PushNotice(title="x", body="", link="javascript://portal.test/%0aalert(1)"),
        PushNotice(title="x", body="", link="file:///etc/passwd"),
        PushNotice(title="x", body="", link="portal.test"),
    ],
)
def test_what_no_device_should_show_is_refused_without_showing_it(message: PushNotice) -> None:
    with pytest.raises(PushError) as told:
        push_content(message)

    assert "portal" not in str(told.value)
