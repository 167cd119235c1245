import pytest

from xconnector.domain.feedback.meaning import Meaning
from xconnector.domain.feedback.phrase import Phrasebook
from xconnector.domain.feedback.words_of_mail_systems import STRONG, WEAK

BOOK = Phrasebook([(Meaning.MAILBOX_FULL, ["mailbox … full"]), (Meaning.NO_SUCH_MAILBOX, ["mailbox", "n't exist"])])


@pytest.mark.parametrize(
    "text, meaning",
    [
        ("the mailbox is full", Meaning.MAILBOX_FULL),
        ("the mailbox of this user is very full", Meaning.MAILBOX_FULL),
        ("mailbox unknown. my cup is full", Meaning.NO_SUCH_MAILBOX),
        ("mailbox " + "x" * 100 + " full", Meaning.NO_SUCH_MAILBOX),
        ("mailbox. mailbox is full", Meaning.MAILBOX_FULL),
        ("webmailbox", None),
        ("it doesn't exist", Meaning.NO_SUCH_MAILBOX),
        ("", None),
    ],
)
def test_the_first_row_with_a_phrase_in_the_text_counts(text: str, meaning: Meaning | None) -> None:
    assert BOOK.meaning_of(text) is meaning


PHRASES = [phrase for _, phrases in (*STRONG, *WEAK) for phrase in phrases]
NEVER_IN_A_TEXT = set('<>[](){}"“”*|’')


def test_phrases_are_spelled_as_texts_are_looked_at() -> None:
    assert [phrase for phrase in PHRASES if phrase != " ".join(phrase.lower().split())] == []
    assert [phrase for phrase in PHRASES if set(phrase) & NEVER_IN_A_TEXT] == []
    assert [phrase for phrase in PHRASES if not all(part.strip() for part in phrase.split("…"))] == []


def test_no_phrase_is_hidden_behind_one_of_an_earlier_row() -> None:
    rows = [(row, phrase) for row, (_, phrases) in enumerate(STRONG) for phrase in phrases if "…" not in phrase]
    hidden = [
        (phrase, earlier)
        for row, phrase in rows
        for other, earlier in rows
        if other < row and f" {earlier}" in f" {phrase}"
    ]

    assert hidden == []
