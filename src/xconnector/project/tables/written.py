"""A table as it is written, whatever the form: its parts as text, each with the line where it stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from xconnector.project.findings import Finding


class Part(StrEnum):
    """The parts of a file, by the word that begins the header of each."""

    ROWS = "row"
    INPUTS = "input"
    OUTPUTS = "output"
    TESTS = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a part."""

    number: int
    cells: Sequence[str]
    sheet: str = ""
    """Name of the sheet where it stands; empty where a file has one set of lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One part: its header, and its lines."""

    header: Line
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Something said of the table as a whole."""

    number: int
    text: str
    sheet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenTable:
    """What a file says, not yet understood."""

    name: str
    file: str
    about: str = ""
    settings: Mapping[str, Setting] = field(default_factory=dict[str, Setting])
    grids: Mapping[Part, Grid]


def gathered(file: str, said: Iterable[tuple[str, Setting]]) -> tuple[dict[str, Setting], list[Finding]]:
    """Return settings by name; one that is given twice is a finding."""
    settings: dict[str, Setting] = {}
    findings: list[Finding] = []
    for name, setting in said:
        if name in settings:
            message = f"the setting {name!r} is given twice, in line {settings[name].number} too"
            findings.append(Finding(file=file, line=setting.number, message=message, remedy="leave one out"))
        settings.setdefault(name, setting)
    return settings, findings
