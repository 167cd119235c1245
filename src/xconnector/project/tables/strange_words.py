"""Words, numbers and days of a table that never come: each value and range of each cell, held against its column."""

from collections.abc import Iterator, Mapping

from xconnector.domain.decision.cell_text import spelled, word_for
from xconnector.domain.decision.cells import AnyValue, Cell, OneOf, kinds_of
from xconnector.domain.decision.strangers import strangers
from xconnector.domain.decision.table import Case, Domain, Input
from xconnector.domain.decision.values import spelled_number
from xconnector.project.findings import Finding, named_like
from xconnector.project.tables.text import TableText


def strange_words(text: TableText, known: Mapping[str, Domain]) -> Iterator[Finding]:
    """Yield each value and range of a row's cell outside the domain that the table declares, or that is known.

    Of the tests, only what is outside the domain that is known: a test may show that a row does not look at an input
    which is outside the table's own. Where a row does look, the test fails, and `strange_givens` tells why.
    """
    for at, one in enumerate(text.table.inputs):
        known_domain = [known[one.name]] if one.name in known else []
        yield from _in_rows(text, at, one, [one.domain, *known_domain])
        for case in text.table.cases:
            yield from _in_test(text, one, case, known_domain)


def strange_givens(text: TableText, case: Case) -> Iterator[Finding]:
    """Yield what a test gives outside the domains that the table declares."""
    for one in text.table.inputs:
        yield from _in_test(text, one, case, [one.domain])


def strange_rows(text: TableText) -> frozenset[str]:
    """Return the ids of the rows with a value or range outside the domains that the table declares."""
    return frozenset(
        text.table.rows[row].id
        for at, one in enumerate(text.table.inputs)
        for row, _ in strangers(one.domain, [row.when[at] for row in text.table.rows])
    )


def _in_rows(text: TableText, at: int, one: Input, domains: list[Domain]) -> Iterator[Finding]:
    cells = [row.when[at] for row in text.table.rows]
    told: set[tuple[int, OneOf]] = set()
    for domain in domains:
        for place, test in strangers(domain, cells):
            if (place, test) not in told:
                row = text.table.rows[place].id
                column = f"row {row}, column {text.columns[one.name]} (when {one.name})"
                yield text.finding(row, f"{column}: {_never(test)}", _remedy(test, domain))
            told.add((place, test))


def _in_test(text: TableText, one: Input, case: Case, domains: list[Domain]) -> Iterator[Finding]:
    if one.name not in case.given:
        return
    value = case.given[one.name]
    test = OneOf(includes_none=True) if value is None else OneOf(values=frozenset({value}))
    for domain in domains:
        if _refuses(domain, test):
            message = f"test {case.name!r} (given {one.name}): {_never(test)}"
            yield text.finding_in_test(case.name, message, _remedy(test, domain))


def _refuses(domain: Domain, test: Cell) -> bool:
    return next(strangers(domain, [test]), None) is not None


def _never(test: OneOf) -> str:
    return f"{spelled(test)!r} is never a value here"


def _remedy(test: OneOf, domain: Domain) -> str:
    cell = domain.cell
    if isinstance(cell, AnyValue) or (domain.step is not None and not kinds_of(cell)):
        return f"write a multiple of {spelled_number(domain.step)}" if domain.step is not None else "write a value"
    if cell.negated or cell.ranges or not cell.values:
        step = f", by steps of {spelled_number(domain.step)}" if domain.step is not None else ""
        return f"write a value of its domain: {spelled(cell)}{step}"
    words = [*map(word_for, cell.values), *(["none"] if cell.includes_none else [])]
    return named_like(word_for(next(iter(test.values), None)), words)
