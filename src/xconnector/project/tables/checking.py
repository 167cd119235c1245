"""What is wrong with a table that is understood: rows that never answer, overlaps, gaps, and tests that fail."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from xconnector.domain.decision.analysis import Analysis, Gap, Overlap, UnprovenCases, UnprovenRow, Unreachable
from xconnector.domain.decision.cell_text import spelled, word_for
from xconnector.domain.decision.cells import AnyValue, Cell
from xconnector.domain.decision.deciding import DecisionError, Match, NoRowFitsError, decide_all
from xconnector.domain.decision.table import Case, DecisionTable, Domain, HitPolicy, Row
from xconnector.domain.decision.values import Value
from xconnector.project.findings import Finding
from xconnector.project.tables.strange_words import strange_givens, strange_rows, strange_words
from xconnector.project.tables.text import TableText

_MOST_GAPS = 5
_MOST_OVERLAPS = 20
"""Told one by one; of the others it is told how many they are."""
_MOST_NAMED = 5
_TOO_MUCH = "the rows cut the cases into more pieces than are looked at"


def faults(text: TableText, *, known: Mapping[str, Domain] | None = None) -> Iterator[Finding]:
    """Yield each mistake, with the file and line where it is mended.

    `known` says, by input, which values there are where the table itself does not: they can leave no gap, and others
    are never written.

    That no row fits is one unless the table takes it (`gaps:`) or collects; that two fit is one where it is unique.
    What cannot be proven is one always: nobody can have taken it who does not know it.
    """
    yield from strange_words(text, known or {})
    analysis = Analysis(text.table)
    yield from _unreachable(text, analysis)
    if text.table.hit is not HitPolicy.COLLECT:
        yield from _gaps(text, Analysis(_narrowed(text.table, known or {})))
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


def _unreachable(text: TableText, analysis: Analysis) -> Iterator[Finding]:
    found = [*analysis.unreachable()]
    told = strange_rows(text)
    for one in found:
        if isinstance(one, Unreachable) and (one.behind or one.row.id not in told):
            yield _never_answering(text, one)
    unproven = [one.row for one in found if isinstance(one, UnprovenRow)]
    yield from _unproven_rows(text, unproven, "can be reached")


def _never_answering(text: TableText, one: Unreachable) -> Finding:
    row = one.row.id
    if not one.behind:
        message = f"row {row} can never be reached: no value of its columns' domains fits it"
        return text.finding(row, message, "mend its cells or the domains, or remove it")
    takes = "row {} takes" if one.is_shadowed else "rows {} together take"
    message = f"row {row} can never be reached: {takes.format(_named(one.behind))} everything it would fit"
    return text.finding(row, message, f"move it above {'that row' if one.is_shadowed else 'those rows'}, or remove it")


def _named(rows: Sequence[Row]) -> str:
    ids = ", ".join(row.id for row in rows[:_MOST_NAMED])
    more = len(rows) - _MOST_NAMED
    return f"{ids} and {more} more" if more > 0 else ids


def _unproven_rows(text: TableText, rows: Sequence[Row], what: str) -> Iterator[Finding]:
    if rows:
        message = f"it is not proven that row {_named(rows)} {what}: {_TOO_MUCH}"
        yield text.finding(rows[0].id, message, "divide the table, or give its rows fewer and simpler cells")


def _gaps(text: TableText, analysis: Analysis) -> Iterator[Finding]:
    found = [*analysis.gaps()]
    if text.table.gaps is None:
        yield from _cases_without_row(text, [one for one in found if isinstance(one, Gap)])
    yield from _unproven_cases(text, [one for one in found if isinstance(one, UnprovenCases)])


def _cases_without_row(text: TableText, gaps: Sequence[Gap]) -> Iterator[Finding]:
    remedy = "add a row for it, a last row that takes the rest, or say at the top why it may be: `gaps: reason`"
    for gap in gaps[:_MOST_GAPS]:
        yield text.finding(None, f"no row fits{_when(gap.when)}, such as {said_case(gap.example)}", remedy)
    if (more := len(gaps) - _MOST_GAPS) > 0:
        yield text.finding(None, f"no row fits {more} other groups of cases", remedy)


def _unproven_cases(text: TableText, unproven: Sequence[UnprovenCases]) -> Iterator[Finding]:
    remedy = "add a last row that takes the rest, or divide the table; `gaps:` answers only for gaps that are found"
    for one in unproven[:_MOST_GAPS]:
        yield text.finding(None, f"it is not proven that a row fits always{_when(one.when)}: {_TOO_MUCH}", remedy)
    if (more := len(unproven) - _MOST_GAPS) > 0:
        yield text.finding(None, f"it is not proven that a row fits {more} other groups of cases", remedy)


def _when(cells: Mapping[str, Cell]) -> str:
    told = [f"{name} is {spelled(cell)}" for name, cell in cells.items() if not isinstance(cell, AnyValue)]
    return f" when {' and '.join(told)}" if told else " at all"


def _overlaps(text: TableText, analysis: Analysis) -> Iterator[Finding]:
    found = [*analysis.overlaps()]
    remedy = "narrow one of them: the table's hit policy is unique"
    overlaps = [one for one in found if isinstance(one, Overlap)]
    for one in overlaps[:_MOST_OVERLAPS]:
        message = f"rows {one.first.id} and {one.second.id} both fit, such as {said_case(one.example)}"
        yield text.finding(one.second.id, message, remedy)
    if (more := len(overlaps) - _MOST_OVERLAPS) > 0:
        yield text.finding(None, f"{more} other pairs of rows both fit", remedy)
    unproven = [one.row for one in found if isinstance(one, UnprovenRow)]
    yield from _unproven_rows(text, unproven, "fits no case together with another")


def _failed(text: TableText, case: Case) -> Iterator[Finding]:
    differences = [*_differences(text, case)]
    if differences:
        yield from strange_givens(text, case)
    for said in differences:
        yield text.finding_in_test(
            case.name, f"test {case.name!r} fails: {said}", "mend the rows, or what the test expects"
        )


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
