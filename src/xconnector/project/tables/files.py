"""Table files: the form follows from the name's ending, the table's name from what stands before it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xconnector.domain.decision.table import DecisionTable
from xconnector.project.findings import Finding, named_like
from xconnector.project.tables.dmn import read_dmn
from xconnector.project.tables.dmn_writing import dmn_bytes
from xconnector.project.tables.foreign import UnsayableError
from xconnector.project.tables.jdm import jdm_bytes, read_jdm
from xconnector.project.tables.json_form import read_json_table, write_json_table
from xconnector.project.tables.limits import MOST_BYTES, MOST_FINDINGS
from xconnector.project.tables.markdown import read_markdown, write_markdown
from xconnector.project.tables.reading import read_partly, read_table
from xconnector.project.tables.text import TableText
from xconnector.project.tables.unseen_signs import unseen_signs
from xconnector.project.tables.writing import write_table
from xconnector.project.tables.written import WrittenTable
from xconnector.project.tables.xlsx import read_xlsx
from xconnector.project.tables.xlsx_writing import write_xlsx


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A way to write tables."""

    read: Callable[[str, str, bytes], tuple[WrittenTable | None, list[Finding]]]
    """From the table's name, what findings call the file, and its content, which is no longer than MOST_BYTES."""
    write: Callable[[DecisionTable], bytes]
    says_name: bool = False
    """Whether the content says how the table is called; else the file is called so."""


def understood(name: str, file: str, content: bytes, *, form: str) -> tuple[TableText | None, list[Finding]]:
    """Return the table, or None with why it is not understood; whether it is complete is not asked.

    The form is one of FORMS or FOREIGN_FORMS.
    """
    if len(content) > MOST_BYTES:
        return None, [_finding(file, f"the file has more than {MOST_BYTES} bytes", "divide it")]
    known = FOREIGN_FORMS.get(form) or FORMS[form]
    text = None
    written, findings = known.read(name, file, content)
    if written is not None:
        text, findings = read_table(written)
        # Asked of files only: what is kept in the store stays readable whatever new files may not say.
        if unseen := [*unseen_signs(written)]:
            text, findings = None, [*unseen, *findings]
    return text, [*_bounded(findings)]


def read_written_file(path: Path, *, file: str) -> tuple[WrittenTable | None, list[Finding]]:
    """Return what a file of one of FORMS says, not yet understood, or None with why it cannot be read.

    For tables of other kinds than decisions. `file` is what findings call it.
    """
    try:
        content = _content(path)
    except OSError as wrong:
        return None, [_finding(file, f"the file cannot be read: {wrong.strerror}", "mend its permissions")]
    if len(content) > MOST_BYTES:
        return None, [_finding(file, f"the file has more than {MOST_BYTES} bytes", "divide it")]
    written, findings = FORMS[path.suffix].read(path.stem, file, content)
    if written is not None and (unseen := [*unseen_signs(written)]):
        written, findings = None, [*unseen, *findings]
    return written, [*_bounded(findings)]


def form_of(path: Path) -> str | None:
    """Return the form of a file, by the ending of its name: one of FORMS or FOREIGN_FORMS, or None."""
    return next((form for form in (*FOREIGN_FORMS, *FORMS) if path.name.endswith(form)), None)


def read_table_file(path: Path, *, name: str = "", file: str = "") -> tuple[TableText | None, list[Finding]]:
    """Return the table of a file, or None with why it is not understood.

    Args:
        path: where it lies.
        name: chooses among the tables of a foreign file; without one, it is what stands before the ending.
        file: what findings call it; without one, its path.
    """
    file = file or str(path)
    form = form_of(path)
    if form is None:
        return None, [_no_form(path, file)]
    if not path.is_file():
        return None, [_finding(file, "there is no such file", "name a file that is there")]
    try:
        content = _content(path)
    except OSError as wrong:
        return None, [_finding(file, f"the file cannot be read: {wrong.strerror}", "mend its permissions")]
    return understood(name or path.name.removesuffix(form), file, content, form=form)


def read_part_of_table_file(path: Path, *, file: str = "") -> TableText | None:
    """Return what is understood of a file whose table is not understood as a whole: see `read_partly`."""
    form = form_of(path)
    if form is None or form not in FORMS or not path.is_file():
        return None
    try:
        content = _content(path)
    except OSError:
        return None
    if len(content) > MOST_BYTES:
        return None
    written, _ = FORMS[form].read(path.name.removesuffix(form), file or str(path), content)
    return None if written is None else read_partly(written)


def _content(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def table_bytes(table: DecisionTable, *, form: str) -> bytes:
    """Return a table as the content of a file of this form.

    Raises UnsayableError where a foreign form cannot say what the table says.
    """
    known = FOREIGN_FORMS.get(form) or FORMS[form]
    return known.write(table)


def converted(table: DecisionTable, to: Path) -> tuple[bytes | None, list[Finding]]:
    """Return a table as the content of the file `to`, or None with why it would not be the same table there."""
    file = str(to)
    form = form_of(to)
    if form is None:
        return None, [_no_form(to, file)]
    known = FOREIGN_FORMS.get(form) or FORMS[form]
    if not known.says_name and to.name != f"{table.name}{form}":
        message = f"the table is called {table.name!r}, and a {form} file is called as its table"
        return None, [_finding(file, message, f"name it {table.name}{form}, or call the table otherwise with --name")]
    try:
        content = known.write(table)
    except UnsayableError as wrong:
        return None, [_finding(file, f"a {form} file cannot say this table: {wrong}", "choose another form")]
    if len(content) > MOST_BYTES:
        return None, [_finding(file, f"the file would have more than {MOST_BYTES} bytes", "divide the table")]
    return content, []


def _markdown(name: str, file: str, content: bytes) -> tuple[WrittenTable | None, list[Finding]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = content[: wrong.start].count(b"\n") + 1
        return None, [Finding(file=file, line=line, message="the file is not UTF-8", remedy="save it as UTF-8")]
    return read_markdown(name, file, text)


def _bounded(findings: Sequence[Finding]) -> Iterator[Finding]:
    yield from findings[:MOST_FINDINGS]
    if (more := len(findings) - MOST_FINDINGS) > 0:
        last = findings[MOST_FINDINGS]
        yield Finding(
            file=last.file, line=last.line, message=f"there are {more} more mistakes", remedy="mend these first"
        )


def _no_form(path: Path, file: str) -> Finding:
    remedy = named_like("", [*FORMS, *FOREIGN_FORMS])
    return _finding(file, f"{path.suffix or 'no ending'!r} is no form of tables", remedy)


def _finding(file: str, message: str, remedy: str) -> Finding:
    return Finding(file=file, line=1, message=message, remedy=remedy)


FORMS: Mapping[str, Form] = {
    ".md": Form(read=_markdown, write=lambda table: write_markdown(write_table(table)).encode()),
    ".json": Form(
        read=lambda _name, file, content: read_json_table(file, content),
        write=lambda table: write_json_table(write_table(table, says_all=True)).encode(),
        says_name=True,
    ),
    ".xlsx": Form(read=read_xlsx, write=write_xlsx),
}
"""By the ending of a file's name."""

FOREIGN_FORMS: Mapping[str, Form] = {
    ".dmn": Form(read=read_dmn, write=dmn_bytes),
    ".jdm.json": Form(read=read_jdm, write=jdm_bytes),
}
"""Forms of other products, which are imported and exported; no table of a project is written in one."""
