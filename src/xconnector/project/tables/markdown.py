r"""Decision tables in Markdown: one pipe table of rows, and beside it what else is to be said.

    ---
    hit: first
    owner: Compliance
    ---
    # How we reach our customers

    | row | when customer.preference | when data.premium | then route     | then review | cite |
    |-----|--------------------------|-------------------|----------------|-------------|------|
    | R1  | email                    | > 1000            | email, print   | compliance  | § 7  |
    | R2  | -                        | -                 | print          | none        |      |

The lines between dashes, and the tables of inputs, outputs and tests, may be left out. In a cell, `\` before a sign of
punctuation means the sign itself, `<br>` a new line; backticks say nothing. Text "in quotes" stands as it is, for the
grammar of cells to read its backslashes; only a bar is written `\|` there too.
"""

import re
from collections.abc import Iterator, Sequence

from xconnector.project.findings import Finding
from xconnector.project.tables.written import Grid, Line, Part, Setting, WrittenTable, gathered

_RULE = re.compile(r":?-+:?")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_SETTING = re.compile(r"([^\s:]+)\s*:\s*(.*)")
_EDGE = "---"
# One long cell does not make all others of its column as long.
_WIDEST = 60
# A bar that ends a cell: as in GitHub's Markdown, a backslash before it is the bar's, whatever stands before that.
_BAR = re.compile(r"(?<!\\)\|")
_QUOTED = r'"(?:[^"\\]|\\.)*"'
# Quoted text; outside of it what is escaped, a new line, and what says nothing.
_SIGN = re.compile(rf"({_QUOTED})|\\([!-/:-@\[-`{{-~])|<br ?/?>|`", re.DOTALL)
_EACH_TO_ESCAPE = re.compile(r'[\\`"]|<(?=br ?/?>)')
# A quote behind a backslash begins no quoted text, for reading just as for writing.
_TO_ESCAPE = re.compile(rf'({_QUOTED})|\\["\\]|{_EACH_TO_ESCAPE.pattern}', re.DOTALL)


def read_markdown(name: str, file: str, text: str) -> tuple[WrittenTable | None, list[Finding]]:
    """Return what the file says, or None with everything that is wrong with its layout."""
    findings: list[Finding] = []

    def find(line: int, message: str, remedy: str) -> None:
        findings.append(Finding(file=file, line=line, message=message, remedy=remedy))

    lines = text.replace("\r\n", "\n").split("\n")
    begins = _end_of_settings(lines)
    if begins is None:
        find(1, "the lines between dashes do not end", f"write {_EDGE} below them")
        return None, findings
    settings, wrong = _settings(file, lines[:begins])
    findings += wrong
    grids: dict[Part, Grid] = {}
    for block in _pipe_tables(lines, begins):
        part = _part_of(block[0])
        if part in grids:
            find(block[0].number, "there is a second table", "keep one table a file; put it into a file of its own")
        elif len(block) < 2 or not all(_RULE.fullmatch(cell) for cell in block[1].cells):  # noqa: PLR2004 - header and rule
            find(block[0].number, "the line below the header is no rule", "write |---|---| below the header")
        else:
            grids[part] = Grid(header=block[0], lines=block[2:])
    if Part.ROWS not in grids and not findings:
        find(1, "there is no table", "write one: | row | when … | then route |, a line of dashes, then rows")
    if findings:
        return None, findings
    about = _about(lines, begins)
    return WrittenTable(name=name, file=file, about=about, settings=settings, grids=grids), findings


def write_markdown(written: WrittenTable) -> str:
    """Return the file's text; `read_markdown` reads it as the same table."""
    settings = [f"{name}: {setting.text}" for name, setting in written.settings.items()]
    front = [_EDGE, *settings, _EDGE, ""] if settings else []
    parts = [[written.about, ""]] if written.about else []
    parts += [
        [*_table(written.grids[part]), ""]
        for part in (Part.INPUTS, Part.OUTPUTS, Part.ROWS, Part.TESTS)
        if part in written.grids
    ]
    return "\n".join([*front, *(line for part in parts for line in part)])


def holds_only_prose(text: str) -> bool:
    """Say whether a text can stand above a table and is read from there as it is."""
    lines = text.split("\n")
    is_whole = text == text.strip() and "\r\n" not in text and _is_closed(lines)
    return is_whole and lines[0] != _EDGE and not [*_pipe_tables(lines, 0)]


def _end_of_settings(lines: Sequence[str]) -> int | None:
    """Return the place of the line below what stands between dashes at the top; None where it does not end."""
    if lines[0].strip() != _EDGE:
        return 0
    return next((at + 1 for at, line in enumerate(lines) if at and line.strip() == _EDGE), None)


def _settings(file: str, lines: Sequence[str]) -> tuple[dict[str, Setting], list[Finding]]:
    """Return what stands between dashes at the top."""
    said: list[tuple[str, Setting]] = []
    wrong: list[Finding] = []
    for number, line in enumerate(map(str.strip, lines), start=1):
        if found := _SETTING.fullmatch(line):
            said.append((found[1], Setting(number=number, text=found[2])))
        elif line not in {"", _EDGE}:
            remedy = "write a word and what it is, such as hit: first"
            wrong.append(Finding(file=file, line=number, message="between dashes stand settings only", remedy=remedy))
    settings, repeated = gathered(file, said)
    return settings, [*wrong, *repeated]


def _part_of(header: Line) -> Part:
    """Return the part that a header begins; the rows may have their columns in any order."""
    first = header.cells[0] if header.cells else ""
    return next((part for part in Part if part == first and part is not Part.ROWS), Part.ROWS)


def _about(lines: Sequence[str], begins: int) -> str:
    """Return what stands outside the tables."""
    told: list[str] = []
    for at, is_told in _prose(lines, begins):
        if is_told:
            told.append(lines[at])
        elif told and told[-1].strip():
            # A table parts what stands above it from what stands below.
            told.append("")
    return "\n".join(told).strip()


def _prose(lines: Sequence[str], begins: int) -> Iterator[tuple[int, bool]]:
    """Yield each line's place and whether it stands outside the tables."""
    fence: str | None = None
    for at in range(begins, len(lines)):
        found = _FENCE.match(lines[at])
        if found and fence in {None, found[1]}:
            fence = None if fence else found[1]
        yield at, bool(fence or found or not lines[at].strip().startswith("|"))


def _is_closed(lines: Sequence[str]) -> bool:
    """Say whether a table that stands below these lines is one, rather than a part of their fenced code."""
    *_, (_, is_told) = _prose([*lines, "|"], 0)
    return not is_told


def _pipe_tables(lines: Sequence[str], begins: int) -> Iterator[list[Line]]:
    """Yield each block of lines that begin with a pipe, outside fenced code."""
    block: list[Line] = []
    for at, is_told in _prose(lines, begins):
        if not is_told:
            block.append(Line(number=at + 1, cells=_cells(lines[at].strip())))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _cells(line: str) -> Sequence[str]:
    parts = _BAR.split(line.removeprefix("|"))
    if not parts[-1].strip():
        parts.pop()
    return [_said(part.strip()) for part in parts]


def _said(cell: str) -> str:
    """Return a cell as it is meant."""
    return _SIGN.sub(_sign, cell.replace("\\|", "|"))


def _sign(found: re.Match[str]) -> str:
    return found[1] or found[2] or ("\n" if found[0].startswith("<") else "")


def _table(grid: Grid) -> Sequence[str]:
    header = [_escaped(cell) for cell in grid.header.cells]
    lines = [[_escaped(cell) for cell in line.cells] for line in grid.lines]
    widths = [min(_WIDEST, max(3, *(len(line[at]) for line in [header, *lines]))) for at in range(len(header))]
    rule = "|".join("-" * (width + 2) for width in widths)
    return [_line(header, widths), f"|{rule}|", *(_line(line, widths) for line in lines)]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(f"| {cell:{width}} " for cell, width in zip(cells, widths, strict=True)) + "|"


def _escaped(text: str) -> str:
    """Return a cell's text so that `_said` reads it."""
    return _TO_ESCAPE.sub(_escape, text).replace("\n", "<br>").replace("|", "\\|")


def _escape(found: re.Match[str]) -> str:
    if found[1] is None:
        return "".join("\\" + sign for sign in found[0])
    if "\n" not in found[1]:
        return found[1]
    # A table's line has no other, and in quotes <br> stands for itself: these quotes are none of Markdown's.
    return _EACH_TO_ESCAPE.sub(lambda sign: "\\" + sign[0], found[1])
