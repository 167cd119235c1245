"""Knowing a file of fixed width by its header line, whose names stand above their columns."""

import re
from collections.abc import Mapping, Sequence

from xconnector.contract.recognition import HEAD, RecognisedFile

FORMATS: Mapping[str, str] = {"fixed_width": "fixed width with a header line whose names stand above their columns"}
_SAMPLE = 200
_LONGEST_LINE = 8_192
_LONGEST_CELL = 500
_NAME = re.compile(r"[A-Za-z_][^\s\"]{0,99}")


def recognise(head: bytes) -> RecognisedFile | None:
    """Return the columns that a header line names, or None where what stands below does not keep to them."""
    try:
        text = head.decode()
    except UnicodeDecodeError as wrong:
        if wrong.start < HEAD - 4:
            return None
        text = head[: wrong.start].decode()
    lines = [line.rstrip() for line in text.splitlines()[: _SAMPLE + 1]]
    if len(head) >= HEAD:
        lines = lines[:-1]
    if len(lines) <= 1 or "\0" in text or any(len(line) > _LONGEST_LINE for line in lines):
        return None
    columns = _columns(lines[0], [line for line in lines[1:] if line])
    if columns is None:
        return None
    settings = {"columns": columns, "header_lines": 1, "may_be_short": True}
    return RecognisedFile(format="fixed_width", settings=settings, is_certain=False)


def _columns(header: str, below: Sequence[str]) -> Mapping[str, str] | None:
    names = list(re.finditer(r"\S+", header))
    told = [found[0] for found in names]
    if len(names) <= 1 or len({*told}) < len(told) or not all(_NAME.fullmatch(name) for name in told) or not below:
        return None
    widest = max(len(line) for line in [header, *below])
    starts = [found.start() for found in names]
    if starts[0] != 0 or any(not _is_edge(line, start) for start in starts[1:] for line in below):
        return None
    # A last line may be longer than those that were looked at.
    ends = [*starts[1:], widest + _LONGEST_CELL]
    return {name: f"{start + 1}-{end}" for name, start, end in zip(told, starts, ends, strict=True)}


def _is_edge(line: str, start: int) -> bool:
    """Say whether a column may begin here: a blank stands before it, or the line has ended."""
    return start - 1 >= len(line) or line[start - 1].isspace()
