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
punctuation means the sign itself, `<br>` a new line; backticks say nothing.
"""

import re
from collections.abc import Iterator, Sequence

from xconnector.project.findings import Finding
from xconnector.project.tables.written import Grid, Line, Part, Setting, WrittenTable

_RULE = re.compile(r":?-+:?")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_SETTING = re.compile(r"([a-z]+)\s*:\s*(\S.*)")
_EDGE = "---"
# What ends a cell, what is escaped, a new line, and what says nothing.
_SIGN = re.compile(r"\\([!-/:-@\[-`{-~])|<br ?/?>|`")
_BAR = re.compile(r"(?:\\.|[^\\|])*(?:\\$)?")
_TO_ESCAPE = re.compile(r"[\\|`]|<(?=br ?/?>)")


def read_markdown(name: str, file: str, text: str) -> tuple[WrittenTable | None, list[Finding]]:
    """Return what the file says, or None with everything that is wrong with its layout."""
    findings: list[Finding] = []

    def find(line: int, message: str, remedy: str) -> None:
        findings.append(Finding(file=file, line=line, message=message, remedy=remedy))

    lines = text.replace("\r\n", "\n").split("\n")
    settings, begins = _settings(lines)
    if begins is None:
        find(
            1, "the lines between dashes do not end", f"write {_EDGE} below them, and in each a word such as hit: first"
        )
        return None, findings
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


def _settings(lines: Sequence[str]) -> tuple[dict[str, Setting], int | None]:
    """Return what stands between dashes at the top, and the place of the line after it; None where it does not end."""
    if not lines or lines[0].strip() != _EDGE:
        return {}, 0
    settings: dict[str, Setting] = {}
    for at, line in enumerate(lines[1:], start=1):
        if line.strip() == _EDGE:
            return settings, at + 1
        if not line.strip():
            continue
        found = _SETTING.fullmatch(line.strip())
        if found is None:
            return {}, None
        settings[found[1]] = Setting(number=at + 1, text=found[2])
    return {}, None


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
    parts = _divided(line.removeprefix("|"))
    if not parts[-1].strip():
        parts.pop()
    return [_said(part.strip()) for part in parts]


def _divided(line: str) -> list[str]:
    """Return what stands between bars that are not escaped."""
    parts: list[str] = []
    at = 0
    while True:
        found = _BAR.match(line, at)
        assert found is not None
        parts.append(found[0])
        at = found.end() + 1
        if at > len(line):
            return parts


def _said(cell: str) -> str:
    """Return a cell as it is meant."""
    return _SIGN.sub(lambda found: found[1] or ("\n" if found[0].startswith("<") else ""), cell)


def _table(grid: Grid) -> Sequence[str]:
    header = [_escaped(cell) for cell in grid.header.cells]
    lines = [[_escaped(cell) for cell in line.cells] for line in grid.lines]
    widths = [max(3, *(len(line[at]) for line in [header, *lines])) for at in range(len(header))]
    rule = "|".join("-" * (width + 2) for width in widths)
    return [_line(header, widths), f"|{rule}|", *(_line(line, widths) for line in lines)]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(f"| {cell:{width}} " for cell, width in zip(cells, widths, strict=True)) + "|"


def _escaped(text: str) -> str:
    return _TO_ESCAPE.sub(lambda found: "\\" + found[0], text).replace("\n", "<br>")
