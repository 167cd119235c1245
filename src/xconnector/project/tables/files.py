"""Table files: the form follows from the name's ending, the table's name from what stands before it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from xconnector.domain.decision.table import DecisionTable
from xconnector.project.findings import Finding, named_like
from xconnector.project.tables.checking import faults
from xconnector.project.tables.json_form import read_json_table, write_json_table
from xconnector.project.tables.markdown import read_markdown, write_markdown
from xconnector.project.tables.reading import read_table
from xconnector.project.tables.text import TableText
from xconnector.project.tables.writing import write_table
from xconnector.project.tables.written import WrittenTable
from xconnector.project.tables.xlsx import read_xlsx, write_xlsx

MOST_BYTES = 1_000_000

_Reader = Callable[[str, str, bytes], tuple[WrittenTable | None, list[Finding]]]


def parse_table(name: str, file: str, content: bytes, *, form: str = ".md") -> tuple[TableText | None, list[Finding]]:
    """Return the table that a file's content says, with everything that is wrong with it; None where it cannot be read.

    The form is one of FORMS.
    """
    text, findings = understood(name, file, content, form=form)
    if text is not None:
        findings += faults(text)
    return text, findings


def understood(name: str, file: str, content: bytes, *, form: str) -> tuple[TableText | None, list[Finding]]:
    """Return the table, or None with why it is not understood; whether it is complete is not asked."""
    if len(content) > MOST_BYTES:
        return None, [_finding(file, f"the file has more than {MOST_BYTES} bytes", "divide it")]
    written, findings = _READERS[form](name, file, content)
    return (None, findings) if written is None else read_table(written)


def read_table_file(path: Path) -> tuple[TableText | None, list[Finding]]:
    """Return the table of a file on its own, or None with why it is not understood."""
    file = str(path)
    if path.suffix not in FORMS:
        return None, [_finding(file, f"{path.suffix or 'no ending'!r} is no form of tables", named_like("", FORMS))]
    try:
        content = path.read_bytes()
    except OSError as wrong:
        return None, [_finding(file, f"the file cannot be read: {wrong.strerror}", "name a file that is there")]
    return understood(path.stem, file, content, form=path.suffix)


def table_bytes(table: DecisionTable, *, form: str) -> bytes:
    """Return a table as the content of a file of this form."""
    return _WRITERS[form](table)


def _markdown(name: str, file: str, content: bytes) -> tuple[WrittenTable | None, list[Finding]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None, [_finding(file, "the file is not UTF-8", "save it as UTF-8")]
    return read_markdown(name, file, text)


def _finding(file: str, message: str, remedy: str) -> Finding:
    return Finding(file=file, line=1, message=message, remedy=remedy)


_READERS: Mapping[str, _Reader] = {
    ".md": _markdown,
    ".json": lambda _name, file, content: read_json_table(file, content),
    ".xlsx": read_xlsx,
}
_WRITERS: Mapping[str, Callable[[DecisionTable], bytes]] = {
    ".md": lambda table: write_markdown(write_table(table)).encode(),
    ".json": lambda table: write_json_table(write_table(table, says_all=True)).encode(),
    ".xlsx": lambda table: write_xlsx(write_table(table)),
}
FORMS = tuple(_READERS)
"""Endings of the names of table files."""
