"""The wire of JSON lists: the things in one list of a document, one by one, whatever the document's size."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from xconnector.contract.errors import PermanentError

_CHUNK = 65_536
_BOM = b"\xef\xbb\xbf"
_IN_TEXT = re.compile(rb'["\\]')
_IN_ITEM = re.compile(rb'["\[\]{}]')
_BETWEEN = re.compile(rb'["\[\]{},]')
_LONGEST_NAME = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing of the list, as it stands in the file."""

    line: int
    """Of its first sign, from 1."""
    payload: bytes = field(repr=False)
    """Its bytes; those above the limit are left out, all but one."""


def read_items(file: BinaryIO, path: Path, *, name: str, limit: int) -> Iterator[Item]:
    """Yield the things of the list that a document holds under a name, or is itself where the name is empty.

    Where several documents follow one another, as one a line, those of all of them.

    Raises PermanentError when a document has no such list, and when one does not end.
    """
    splitting = _Splitting(name.encode(), limit)
    chunk = file.read(_CHUNK).removeprefix(_BOM)
    while chunk:
        yield from splitting.items(chunk)
        chunk = file.read(_CHUNK)
    if not splitting.has_begun:
        told = f"no list {name!r}" if name else "no list"
        raise PermanentError(f"{path.name} holds {told}: check `layout:` and `list:` of the connection")
    if splitting.lacking is not None:
        raise PermanentError(f"{path.name}, line {splitting.lacking}: a document without the list; read it by itself")
    if not splitting.is_whole:
        raise PermanentError(
            f"{path.name} is cut off before its end, or its brackets do not match; ask its maker for a whole file"
        )


class _Splitting:
    """Follows brackets and quotes and nothing else: whether an item is JSON is judged by who reads it."""

    def __init__(self, name: bytes, limit: int) -> None:
        self._name = name
        self._limit = limit
        # How many brackets stand open where the list's own things stand.
        self._level = 2 if name else 1
        self._depth = 0
        self._is_in_text = False
        self._is_escaped = False
        # The last text directly in the document: the name of what follows it.
        self._named = bytearray()
        self._item = bytearray()
        self._line = 1
        self._begun_at = 1
        self._is_in_list = False
        self._has_list = False
        self.has_begun = False
        self.lacking: int | None = None
        """The line in which the first document ends that has no such list."""

    @property
    def is_whole(self) -> bool:
        """Whether everything that was opened is closed."""
        return self._depth == 0 and not self._is_in_text

    def items(self, chunk: bytes) -> Iterator[Item]:
        at = 0
        while at < len(chunk):
            sign = self._sign(chunk, at)
            self._pass(chunk[at:sign])
            if sign == len(chunk):
                return
            if self._ends_item(chunk[sign : sign + 1]) and self._item:
                yield Item(line=self._begun_at, payload=bytes(self._item).rstrip())
                self._item.clear()
            self._read(chunk[sign : sign + 1])
            at = sign + 1

    def _sign(self, chunk: bytes, at: int) -> int:
        """Return where the next sign stands that means something here."""
        if self._is_escaped:
            return at
        pattern = _IN_TEXT if self._is_in_text else _BETWEEN if self._is_between() else _IN_ITEM
        found = pattern.search(chunk, at)
        return found.start() if found else len(chunk)

    def _is_between(self) -> bool:
        return self._is_in_list and self._depth == self._level and not self._is_in_text

    def _ends_item(self, sign: bytes) -> bool:
        return self._is_between() and not self._is_escaped and sign in b",]}"

    def _pass(self, passed: bytes) -> None:
        if self._is_in_list:
            if not self._item:
                begun = passed.lstrip()
                self._line += passed.count(b"\n", 0, len(passed) - len(begun))
                self._begun_at = self._line
                passed = begun
            self._keep(passed)
        elif self._is_in_text and self._depth == 1 and len(self._named) < _LONGEST_NAME:
            self._named += passed[:_LONGEST_NAME]
        self._line += passed.count(b"\n")

    def _keep(self, passed: bytes) -> None:
        room = self._limit + 1 - len(self._item)
        if room > 0:
            self._item += passed[:room]

    def _read(self, sign: bytes) -> None:
        begins_list = False
        if self._is_escaped:
            self._is_escaped = False
        elif self._is_in_text:
            self._is_escaped = sign == b"\\"
            self._is_in_text = self._is_escaped
        elif sign == b'"':
            self._is_in_text = True
            self._named.clear()
        elif sign in b"[{":
            begins_list = self._begins_list(sign)
            self._depth += 1
        elif sign in b"]}":
            self._depth -= 1
            self._is_in_list = self._is_in_list and self._depth >= self._level
            if self._depth == 0:
                self._end_document()
        if self._is_in_list and not self._separates(sign):
            self._keep(sign)
        self._is_in_list = self._is_in_list or begins_list
        self._has_list = self._has_list or begins_list
        self.has_begun = self.has_begun or begins_list

    def _end_document(self) -> None:
        if not self._has_list and self.lacking is None:
            self.lacking = self._line
        self._has_list = False

    def _separates(self, sign: bytes) -> bool:
        return sign == b"," and self._is_between()

    def _begins_list(self, sign: bytes) -> bool:
        if self._is_in_list or sign != b"[" or self._depth != self._level - 1:
            return False
        return not self._name or bytes(self._named) == self._name
