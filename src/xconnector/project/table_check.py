"""A table file proven as its project asks it, or by itself where no project does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from xconnector.project.findings import Finding, ProjectError
from xconnector.project.load import PROJECT_FILE, TABLES, table_findings
from xconnector.project.tables.checking import faults
from xconnector.project.tables.files import FORMS, read_part_of_table_file, read_table_file
from xconnector.project.tables.strange_words import strange_words


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCheck:
    """What was found in one file, and what it was held against."""

    file: str
    project: str | None
    """Folder of the project by which it was proven; None where it was proven by itself."""
    alone: str | None
    """Why it was proven by itself."""
    findings: tuple[Finding, ...]

    def __str__(self) -> str:
        way = f"by itself: {self.alone}" if self.project is None else f"as the project in {self.project} asks it"
        return f"{self.file} was proven {way}"


def check_table(path: Path, environment: Mapping[str, str]) -> TableCheck:
    """Return what is wrong with a table.

    One that lies in the folder of tables of a project is held against who asks it there: that knows more values and
    rules. `environment` fills `${NAME}` in the project's settings.
    """
    project = _project_of(path)
    if project is None:
        return _by_itself(path, "it lies in no project's folder of tables")
    try:
        findings = table_findings(project, environment, path.name)
    except ProjectError as wrong:
        return _by_itself(path, f"its project is not understood ({wrong.findings[0]})")
    if findings is None:
        return _by_itself(path, "nothing in its project asks it")
    told = tuple(replace(finding, file=str(path)) for finding in sorted(findings))
    return TableCheck(file=str(path), project=str(project), alone=None, findings=told)


def _project_of(path: Path) -> Path | None:
    folder = path.absolute().parent
    is_part = folder.name == TABLES and path.suffix in FORMS and path.is_file() and not path.is_symlink()
    return folder.parent if is_part and (folder.parent / PROJECT_FILE).is_file() else None


def _by_itself(path: Path, why: str) -> TableCheck:
    text, wrong = read_table_file(path)
    findings = [*wrong, *(_faults_of_part(path) if text is None else faults(text))]
    return TableCheck(file=str(path), project=None, alone=why, findings=tuple(findings))


def _faults_of_part(path: Path) -> Iterator[Finding]:
    """Yield what can be proven of the cells that are understood, where others are not."""
    part = read_part_of_table_file(path)
    if part is not None:
        yield from strange_words(part, {})
