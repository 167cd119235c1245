"""Findings: every mistake in a project with file, line and what to do, collected in one pass."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """One mistake."""

    file: str
    """Path inside the project folder."""
    line: int
    """From 1."""
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} → {self.remedy}"


class ProjectError(Exception):
    """The project cannot be used; the text lists every finding."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(sorted(set(findings)))
        super().__init__("\n".join(str(finding) for finding in self.findings))


def named_like(name: str, names: Iterable[str]) -> str:
    """Return a remedy that points to the most similar name, or lists what there is."""
    known: Sequence[str] = sorted(names)
    if near := get_close_matches(name, known, n=1):
        return f"did you mean {near[0]!r}?"
    if not known:
        return "there is none yet: add it, or leave this out"
    return f"use one of: {', '.join(known)}"
