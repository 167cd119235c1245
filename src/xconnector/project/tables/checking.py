"""What is wrong with a table that is understood: rows that never answer, overlaps, gaps, and tests that fail."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from xconnector.domain.decision.analysis import Analysis, Gap, TooEntangledError, Unreachable
from xconnector.domain.decision.cell_text import spelled, word_for
from xconnector.domain.decision.cells import AnyValue
from xconnector.domain.decision.deciding import DecisionError, Match, NoRowFitsError, decide_all
from xconnector.domain.decision.table import Case, DecisionTable, Domain, HitPolicy
from xconnector.domain.decision.values import Value
from xconnector.project.findings import Finding
from xconnector.project.tables.text import TableText

_MOST_GAPS = 5
_MOST_OVERLAPS = 20


def faults(text: TableText, *, known: Mapping[str, Domain] | None = None) -> Iterator[Finding]:
    """Yield each mistake, with the file and line where it is mended.

    `known` says, by input, which values there are where the table itself does not: they can leave no gap.

    That no row fits is one unless the table takes it (`gaps:`) or collects; that two fit is one where it is unique.
    """
    analysis = Analysis(text.table)
    try:
        for one in analysis.unreachable():
            yield _unreachable(text, one)
        if text.table.gaps is None and text.table.hit is not HitPolicy.COLLECT:
            yield from _gaps(text, Analysis(_narrowed(text.table, known or {})))
    except TooEntangledError as wrong:
        yield text.finding(None, f"the table cannot be proven: {wrong}", "divide it")
    if text.table.hit is HitPolicy.UNIQUE:
        yield from _overlaps(text, analysis)
    for case in text.table.cases:
        yield from _failed(text, case)


def _narrowed(table: DecisionTable, known: Mapping[str, Domain]) -> DecisionTable:
    """Return the table with the domains that it does not say itself."""
    inputs = [
        replace(one, domain=known[one.name])
        if one.name in known and isinstance(one.domain.cell, AnyValue) and known[one.name].kind is one.domain.kind
        else one
        for one in table.inputs
    ]
    return replace(table, inputs=tuple(inputs))


def said_case(example: Mapping[str, Value | None]) -> str:
    """Return a case as people read it."""
    return ", ".join(f"{name} {word_for(value)}" for name, value in example.items()) or "no input at all"


def _unreachable(text: TableText, one: Unreachable) -> Finding:
    row = one.row.id
    if not one.behind:
        message = f"row {row} can never be reached: no value of its columns' domains fits it"
        return text.finding(row, message, "mend its cells or the domains, or remove it")
    ids = ", ".join(earlier.id for earlier in one.behind)
    takes = f"row {ids} takes" if one.is_shadowed else f"rows {ids} together take"
    message = f"row {row} can never be reached: {takes} everything it would fit"
    return text.finding(row, message, f"move it above {'that row' if one.is_shadowed else 'those rows'}, or remove it")


def _gaps(text: TableText, analysis: Analysis) -> Iterator[Finding]:
    gaps = [*analysis.gaps()]
    remedy = "add a row for it, a last row that takes the rest, or say at the top why it may be: `gaps: reason`"
    for gap in gaps[:_MOST_GAPS]:
        yield text.finding(None, f"no row fits{_when(gap)}, such as {said_case(gap.example)}", remedy)
    if (more := len(gaps) - _MOST_GAPS) > 0:
        yield text.finding(None, f"no row fits {more} other groups of cases", remedy)


def _when(gap: Gap) -> str:
    told = [f"{name} is {spelled(cell)}" for name, cell in gap.when.items() if not isinstance(cell, AnyValue)]
    return f" when {' and '.join(told)}" if told else " at all"


def _overlaps(text: TableText, analysis: Analysis) -> Iterator[Finding]:
    for one in islice(analysis.overlaps(), _MOST_OVERLAPS):
        message = f"rows {one.first.id} and {one.second.id} both fit, such as {said_case(one.example)}"
        yield text.finding(one.second.id, message, "narrow one of them: the table's hit policy is unique")


def _failed(text: TableText, case: Case) -> Iterator[Finding]:
    for said in _differences(text, case):
        finding = Finding(
            file=text.file,
            line=text.cases.get(case.name, text.header),
            message=f"test {case.name!r} fails: {said}",
            remedy="mend the rows, or what the test expects",
        )
        yield finding


def _differences(text: TableText, case: Case) -> Iterator[str]:
    try:
        matches = _answers(text.table, case)
    except DecisionError as refused:
        yield str(refused)
        return
    rows = tuple(match.row.id for match in matches)
    if case.rows is not None and rows != case.rows:
        yield f"the answer is row {', '.join(rows) or 'none'}, not {', '.join(case.rows) or 'none'}"
    for name, expected in case.then.items():
        if not _says(matches, name, expected):
            said = ", ".join(word_for(match.outputs[name]) for match in matches) or "nothing"
            yield f"{name} is {said}, not {word_for(expected)}"


def _answers(table: DecisionTable, case: Case) -> tuple[Match, ...]:
    """Return what a table answers to a test; nothing where a test that expects no row finds none.

    Raises DecisionError: whatever else keeps a table from answering is not what such a test speaks of.
    """
    try:
        return decide_all(table, case.given, on=case.on)
    except NoRowFitsError:
        if case.rows != ():
            raise
        return ()


def _says(matches: tuple[Match, ...], name: str, expected: Value | None) -> bool:
    """Say whether an answer says this; of several that are collected, one is enough."""
    return any(match.outputs[name] == expected for match in matches)
