"""Knowing a CSV file by its header and its first rows: it says nowhere what it is, but can look like nothing else."""

import csv
from collections.abc import Mapping, Sequence

from xconnector.contract.recognition import HEAD, RecognisedFile

FORMATS: Mapping[str, str] = {"csv": "CSV with a header row; comma, semicolon, tab or bar between cells"}
_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE = 50
_LONGEST_CELL = 200


def recognise(head: bytes) -> RecognisedFile | None:
    """Return the delimiter and the encoding that make a table of a file's beginning, or None where none does."""
    encoding = _encoding(head)
    text = head.decode(encoding, errors="replace").removeprefix("\ufeff")
    if "\0" in text or text.lstrip().startswith(("<", "{", "[")):
        return None
    lines = text.splitlines()[: _SAMPLE + 1]
    if len(head) >= HEAD and len(lines) > 1:
        # The last line may have been cut off by whoever read the beginning.
        lines = lines[:-1]
    fitting = [delimiter for delimiter in _DELIMITERS if _makes_a_table(lines, delimiter)]
    if not fitting:
        return None
    # The sign that makes most columns: a comma may also stand inside the cells of another table.
    delimiter = max(fitting, key=lines[0].count)
    return RecognisedFile(format="csv", settings={"delimiter": delimiter, "encoding": encoding}, is_certain=False)


def _encoding(head: bytes) -> str:
    try:
        head.decode()
    except UnicodeDecodeError as wrong:
        # A sign of several bytes may have been cut in two at the end of the head.
        return "utf-8" if wrong.start >= HEAD - 4 else "windows-1252"
    return "utf-8"


def _makes_a_table(lines: Sequence[str], delimiter: str) -> bool:
    if not lines or delimiter not in lines[0]:
        return False
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return False
    header = [cell.strip() for cell in rows[0]]
    named = all(cell and len(cell) <= _LONGEST_CELL for cell in header) and len({*header}) == len(header)
    # Some rows may be broken: most are not.
    return named and sum(len(row) == len(header) for row in rows) * 2 > len(rows)
