"""The project's table of survivorship, `customers/survivorship.md`: which source counts for which field of a customer.

    | field   | sources       | rule                 | max age  | verified | note                  |
    |---------|---------------|----------------------|----------|----------|-----------------------|
    | address | policy, crm   | source order         | -        | -        | policies bind us      |
    | email   | -             | most recent verified | 730 days | yes      |                       |
    | *       | -             | most recent          | -        | -        |                       |

It may be a workbook as well, with these columns on the sheet `Rows`.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from xconnector.domain.customer import POSTAL_FIELDS
from xconnector.domain.golden import Survivorship
from xconnector.domain.survivorship import ADDRESS, OTHERS, Rule, SurvivorshipRow
from xconnector.project.customer_fields import CustomerFields
from xconnector.project.findings import Finding, named_like
from xconnector.project.tables.files import read_written_file
from xconnector.project.tables.limits import MOST_ROWS
from xconnector.project.tables.text import on_sheet
from xconnector.project.tables.written import Grid, Line, Part

CUSTOMERS = "customers"
SURVIVORSHIP = "survivorship"
FORMS = (".md", ".xlsx")

_COLUMNS = ("field", "sources", "rule", "max age", "verified", "note")
_NEEDED = ("field", "rule")
_NOTHING = ("", "-")
_AGE = re.compile(r"([1-9]\d{0,5}) (hour|day|week)s?")
_TOLD = {True: "yes", False: "no"}
_LONGEST_NAME = 200
_RULES = {rule.value: rule for rule in Rule}


def read_survivorship(
    folder: Path, sources: Collection[str], fields: CustomerFields
) -> tuple[Survivorship, list[Finding]]:
    """Return a project's table, compiled, and everything that is wrong with it; without a file, the most recent counts.

    `sources` are the names of those that the project knows, `fields` the customers' fields.
    """
    files = [f"{CUSTOMERS}/{SURVIVORSHIP}{form}" for form in FORMS]
    there = [file for file in files if (folder / file).is_file() and not (folder / file).is_symlink()]
    if not there:
        return Survivorship(), []
    if len(there) > 1:
        return Survivorship(), [_finding(there[1], f"the table stands in {there[0]} too", "keep it in one form")]
    written, findings = read_written_file(folder / there[0], file=there[0])
    if written is None:
        return Survivorship(), findings
    reading = _Reading(there[0], written.grids[Part.ROWS], sources, fields)
    findings += [
        _finding(there[0], f"a setting {name!r} says nothing here", "leave it out") for name in written.settings
    ]
    rows = reading.rows()
    return Survivorship(rows), [*findings, *reading.findings]


def _finding(file: str, message: str, remedy: str, line: int = 1) -> Finding:
    return Finding(file=file, line=line, message=message, remedy=remedy)


class _Reading:
    def __init__(self, file: str, grid: Grid, sources: Collection[str], fields: CustomerFields) -> None:
        self.findings: list[Finding] = []
        self._file = file
        self._grid = grid
        self._sources = sources
        self._known = fields
        self._line = grid.header
        self._first: dict[str, int] = {}

    def rows(self) -> Sequence[SurvivorshipRow]:
        """Return the rows that are understood."""
        columns = self._columns()
        if self.findings:
            return ()
        if len(self._grid.lines) > MOST_ROWS:
            self._find(f"there are more than {MOST_ROWS} rows", "say it with fewer: * stands for all other fields")
            return ()
        return [row for line in self._grid.lines if (row := self._row(line, columns)) is not None]

    def _columns(self) -> Mapping[str, int]:
        columns: dict[str, int] = {}
        for at, cell in enumerate(self._grid.header.cells):
            if cell not in _COLUMNS:
                self._find(f"there is no column {cell!r} here", named_like(cell, _COLUMNS))
            elif cell in columns:
                self._find(f"the column {cell!r} stands here twice", "leave one out")
            columns.setdefault(cell, at)
        for name in _NEEDED:
            if name not in columns:
                self._find(f"the column {name!r} is missing", f"write the columns {', '.join(_COLUMNS)}")
        return columns

    def _row(self, line: Line, columns: Mapping[str, int]) -> SurvivorshipRow | None:
        self._line = line
        before = len(self.findings)
        if len(line.cells) > len(self._grid.header.cells):
            self._find("the line has more cells than the header", r"write a bar inside a cell as \|")
        cells = {name: _cell(line, at) for name, at in columns.items()}
        name, fields = self._fields(cells["field"])
        rule = self._rule(cells["rule"])
        sources = self._named_sources(cells.get("sources", ""))
        max_age = self._max_age(cells.get("max age", ""))
        must_be_verified = self._verified(cells.get("verified", ""))
        if rule is Rule.SOURCE_ORDER and not sources:
            self._find("the rule `source order` needs sources", "name them in the cell `sources`, the best one first")
        if len(self.findings) > before or rule is None:
            return None
        return SurvivorshipRow(
            row=name,
            fields=fields,
            rule=rule,
            sources=sources,
            max_age=max_age,
            must_be_verified=must_be_verified,
        )

    def _fields(self, cell: str) -> tuple[str, tuple[str, ...]]:
        """Return what the row is called, and the fields that it speaks of."""
        names = _listed(cell)
        if not names:
            self._find("the row names no field", f"write a field such as email, {ADDRESS}, or {OTHERS} for all others")
        for name in names:
            self._field(name, alone=len(names) == 1)
        return ", ".join(names), POSTAL_FIELDS if names == [ADDRESS] else tuple(names)

    def _field(self, name: str, *, alone: bool) -> None:
        if name in POSTAL_FIELDS:
            self._find(f"{name!r} is a part of the address, which stands or falls together", f"write {ADDRESS}")
        elif name in {ADDRESS, OTHERS} and not alone:
            self._find(f"{name!r} stands beside other fields", "give it a row of its own")
        elif len(name) > _LONGEST_NAME or any(sign.isspace() for sign in name):
            self._find(f"{name[:_LONGEST_NAME]!r} is no name of a field", "write names such as email, parted by commas")
        elif name not in {ADDRESS, OTHERS} and not self._known.knows(name):
            self._find(f"there is no field {name!r}", self._known.remedy(name, beside=[ADDRESS]))
        elif name in self._first:
            self._find(f"the field {name!r} stands in line {self._first[name]} too", "leave one out")
        self._first.setdefault(name, self._line.number)

    def _rule(self, cell: str) -> Rule | None:
        rule = _RULES.get(cell)
        if rule is None:
            self._find(f"there is no rule {cell!r}" if cell else "the row names no rule", named_like(cell, _RULES))
        return rule

    def _named_sources(self, cell: str) -> tuple[str, ...]:
        sources = tuple(_listed(cell))
        for source in sources:
            if source != OTHERS and source not in self._sources:
                near = named_like(source, self._sources)
                own = "add it to `customers: sources:` in xconnector.yaml"
                self._find(f"there is no source {source!r}", f"{near} Or {own}" if near.endswith("?") else own)
        for source in sorted({one for one in sources if sources.count(one) > 1}):
            self._find(f"the source {source!r} is named twice", "leave one out")
        return sources

    def _max_age(self, cell: str) -> timedelta | None:
        if cell in _NOTHING:
            return None
        found = _AGE.fullmatch(cell)
        if found is None:
            self._find(f"{cell!r} is no age", "write hours, days or weeks, such as 365 days")
            return None
        return timedelta(**{f"{found[2]}s": int(found[1])})

    def _verified(self, cell: str) -> bool:
        if cell not in {*_NOTHING, *_TOLD.values()}:
            self._find(f"{cell!r} does not say whether it must be verified", "write yes or no")
        return cell == _TOLD[True]

    def _find(self, message: str, remedy: str) -> None:
        line = self._line
        self.findings.append(_finding(self._file, on_sheet(line.sheet, message), remedy, line.number))


def _cell(line: Line, at: int) -> str:
    return " ".join(line.cells[at].split()) if at < len(line.cells) else ""


def _listed(cell: str) -> list[str]:
    return [] if cell in _NOTHING else [name for part in cell.split(",") if (name := part.strip())]
