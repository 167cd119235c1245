"""The words and signs of a cell in a language of another product, one after the other."""

import re
from collections.abc import Sequence

from xconnector.project.tables.foreign import UnsayableError, shown

MOST_CHARACTERS = 20_000
"""Ten times the longest cell of ours, since days and texts take more room elsewhere."""


class Tokens:
    """A cell, cut into words and signs, and how far it is read."""

    def __init__(self, text: str, pattern: re.Pattern[str]) -> None:
        """Cut the text.

        Raises UnsayableError for what the pattern does not know, and for cells without end.
        """
        if len(text) > MOST_CHARACTERS:
            raise UnsayableError(f"a cell has at most {MOST_CHARACTERS} characters: divide the row")
        self._tokens: Sequence[str] = _cut(text, pattern)
        self._at = 0

    @property
    def next(self) -> str:
        """The token that comes; empty at the end."""
        return self.behind(0)

    def behind(self, count: int) -> str:
        """Return the token that comes after so many others; empty behind the end."""
        at = self._at + count
        return self._tokens[at] if at < len(self._tokens) else ""

    def take(self) -> str:
        token = self.next
        self._at += 1
        return token

    def takes(self, *tokens: str) -> bool:
        """Take these tokens if they come next, all of them or none."""
        if any(self.behind(at) != token for at, token in enumerate(tokens)):
            return False
        self._at += len(tokens)
        return True

    def expect(self, token: str) -> None:
        if not self.takes(token):
            raise self.unknown()

    def end(self) -> None:
        if self.next:
            raise self.unknown()

    def unknown(self) -> UnsayableError:
        return UnsayableError(f"{shown(self.next)} is not understood here" if self.next else "the cell ends too early")


def _cut(text: str, pattern: re.Pattern[str]) -> Sequence[str]:
    tokens: list[str] = []
    at = 0
    while at < len(text):
        found = pattern.match(text, at)
        if found is None:
            raise UnsayableError(f"{text[at : at + 20]!r} is not understood")
        if token := found[0].strip():
            tokens.append(token)
        at = found.end()
    return tokens
