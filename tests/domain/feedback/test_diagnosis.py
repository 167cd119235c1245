"""What mail systems say, each in its own words, and what it means whatever code stands beside it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.delivery import DeliveryReason
from xconnector.domain.feedback.diagnosis import diagnosed, plain
from xconnector.domain.feedback.meaning import Meaning

LINES = (Path(__file__).parent / "said_by_mail_systems.txt").read_text(encoding="utf-8").splitlines()
SAID = [(words.strip(), Meaning[name.strip()]) for name, bar, words in (line.partition("|") for line in LINES) if bar]


@pytest.mark.parametrize("words, meaning", SAID, ids=[said[:60] for said, _ in SAID])
def test_words_count_before_the_code_beside_them(words: str, meaning: Meaning) -> None:
    assert diagnosed(words).meaning is meaning


@pytest.mark.parametrize(
    "status, words, reason",
    [
        ("5.1.1", "550 5.1.1 mailbox full", DeliveryReason.MAILBOX_FULL),
        ("5.1.1", "550 5.1.1 blocked, see zen.spamhaus.org", DeliveryReason.BLOCKED),
        ("5.7.1", "550 5.7.1 user unknown", DeliveryReason.ADDRESS),
        ("4.2.2", "450 user unknown", DeliveryReason.ADDRESS),
        ("5.2.2", "552 5.2.2 considered spam", DeliveryReason.CONTENT),
        ("5.0.0", "550 5.1.1 said", DeliveryReason.ADDRESS),
        ("5.1.1", "something in a language that nobody here reads", DeliveryReason.ADDRESS),
        ("5.7.509", "", DeliveryReason.BLOCKED),
    ],
)
def test_a_code_that_lies_is_overruled(status: str, words: str, reason: DeliveryReason) -> None:
    assert diagnosed(words, status=status).meaning.reason is reason


def test_an_address_is_no_word() -> None:
    assert "spam" not in plain("<spam@virus.test>... User unknown")
    assert diagnosed("550 <mailbox.full@blocked.test> user unknown").meaning is Meaning.NO_SUCH_MAILBOX


def test_a_reply_over_several_lines_reads_as_one() -> None:
    assert plain("550-5.7.1 this message\n550 5.7.1 has been blocked") == "this message has been blocked"


@pytest.mark.parametrize("meaning", Meaning)
def test_only_what_is_wrong_with_the_address_lasts(meaning: Meaning) -> None:
    assert meaning.reason is DeliveryReason.ADDRESS or not meaning.is_lasting


@given(st.text(max_size=3000), st.sampled_from([None, "5.1.1", "4.7.1", "5.0.0", "9.9.9", "x"]))
def test_any_words_have_a_meaning(words: str, status: str | None) -> None:
    assert diagnosed(words, status=status).meaning in Meaning


@given(st.text(alphabet="@.-a5 \n", max_size=6000))
def test_words_made_to_take_long_do_not(words: str) -> None:
    assert diagnosed(words)
