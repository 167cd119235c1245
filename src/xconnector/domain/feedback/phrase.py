"""Phrases in a text: plain words, with `…` for a few words between; found in time that grows with the text alone."""

from collections.abc import Sequence

from xconnector.domain.feedback.meaning import Meaning

_WIDEST_GAP = 60
"""Characters that `…` may stand for; a sentence's end is not among them."""
_MOST_BEGINNINGS = 20
"""Places in a text where one phrase is tried."""


class Phrasebook:
    """Rows of phrases, each row with what it means; the first row that has a phrase in the text counts."""

    def __init__(self, rows: Sequence[tuple[Meaning, Sequence[str]]]) -> None:
        self._rows = tuple((meaning, tuple(_parts(phrase) for phrase in phrases)) for meaning, phrases in rows)

    def meaning_of(self, text: str) -> Meaning | None:
        """Return what a text in lower case means, or None."""
        if not text:
            return None
        for meaning, phrases in self._rows:
            for phrase in phrases:
                if phrase[0] in text and _stands_in(text, phrase):
                    return meaning
        return None


def _parts(phrase: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in phrase.split("…")) if "…" in phrase else (phrase,)


def _stands_in(text: str, parts: Sequence[str]) -> bool:
    beginning = -1
    for _ in range(_MOST_BEGINNINGS):
        beginning = text.find(parts[0], beginning + 1)
        if beginning < 0:
            return False
        if _begins_a_word(text, beginning) and _goes_on(text, beginning + len(parts[0]), parts[1:]):
            return True
    return False


def _begins_a_word(text: str, position: int) -> bool:
    """Say whether a word begins there; `n't` is the end of many."""
    return position == 0 or not text[position - 1].isalnum() or text.startswith("n't", position)


def _goes_on(text: str, position: int, parts: Sequence[str]) -> bool:
    for part in parts:
        found = text.find(part, position, position + _WIDEST_GAP + len(part))
        if found < 0 or ". " in text[position:found]:
            return False
        position = found + len(part)
    return True
