"""What people are told and offered in each column of a workbook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xconnector.domain.decision.cell_text import spelled, word_for
from xconnector.domain.decision.cells import AnyValue
from xconnector.domain.decision.table import DecisionTable, Domain, HitPolicy, Output
from xconnector.domain.decision.values import Kind
from xconnector.project.tables.writing import said_type, said_value
from xconnector.project.tables.written import Part

_TYPES = ("text", "number", "number step 0.01", "integer", "date", "yes/no", "any")
_CELLS: Mapping[Kind, str] = {
    Kind.TEXT: "one value, several as a, b, all others as not a",
    Kind.NUMBER: "a number, > 5, <= 5, 5..10, or several as < 5, 7",
    Kind.DATE: "a day, >= 2026-07-01, 2026-01-01..2026-12-31",
    Kind.YES_NO: "yes or no",
    Kind.ANY: "any value",
}
_WORDS: Mapping[str, str] = {
    "row": "What names the row in decisions, such as R1: letters, digits, dots and hyphens. Each row has its own.",
    "from": "First day on which the row counts; empty where it always did.",
    "to": "Last day on which the row counts; empty where none is known.",
    "cite": "The rule or law behind the row.",
    "owner": "Who answers for the row, where this is not the table's owner.",
    "note": "What else people should know of the row.",
    "input": "A column `when` of the sheet Rows.",
    "output": "A column `then` of the sheet Rows.",
    "type": f"One of {', '.join(_TYPES)}.",
    "domain": "A cell that takes all values that may come; - for all of the type, and nothing.",
    "values": "All that rows may say, the most important first; - for all of the type.",
    "test": "What the test shows. Each has its own name.",
    "on": "Day as of which is decided; empty where no row has days.",
    "setting": "hit, owner, gaps or about.",
    "value": "hit: which row answers where several fit. owner: who answers for the table. gaps: why it may be that no "
    "row fits. about: what people read about the table.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column, to people."""

    help: str
    choices: Sequence[str] = ()
    """What is offered; nothing where people have to write."""
    takes_others: bool = True
    """Whether something else may be written than is offered."""
    is_day: bool = False
    """Whether its cells are days."""


SETTING_NAMES = Column(help=_WORDS["setting"], choices=("hit", "owner", "gaps", "about"), takes_others=False)
HIT_POLICIES = Column(help=_WORDS["value"], choices=[str(one) for one in HitPolicy], takes_others=False)


def columns_of(part: Part, table: DecisionTable) -> Mapping[str, Column]:
    """Return the columns that a part can have, by header."""
    known = {word: Column(help=text) for word, text in _WORDS.items()}
    days = {word: Column(help=_WORDS[word], is_day=True) for word in ("from", "to", "on")}
    types = {"type": Column(help=_WORDS["type"], choices=_TYPES)}
    row = {"row": Column(help="Ids of the rows that must answer, such as R1, or none; empty where it is not said.")}
    return {
        **known,
        **days,
        **types,
        **(row if part is Part.TESTS else {}),
        **{f"when {one.name}": _when(one.domain) for one in table.inputs},
        **{f"given {one.name}": _given(one.domain) for one in table.inputs},
        **{f"then {one.name}": _then(one, "What follows") for one in table.outputs},
        **{
            f"expect {one.name}": _then(one, "What the answer must say; empty where it is not said")
            for one in table.outputs
        },
    }


def _when(domain: Domain) -> Column:
    told = f"{_told(domain)} Write {_CELLS[domain.kind]}; - for anything, none for nothing."
    values = _values(domain)
    return Column(help=told, choices=["-", *values] if values else ())


def _given(domain: Domain) -> Column:
    told = f"{_told(domain)} Write one value, none for nothing; empty where it is not given."
    return Column(help=told, choices=_values(domain), is_day=domain.kind is Kind.DATE)


def _then(one: Output, what: str) -> Column:
    values = [said_value(one, value) for value in one.values]
    if one.kind is Kind.YES_NO and not values:
        values = ["yes", "no", "none"]
    told = f"{what}. Type: {said_type(one.kind, one.step)}." + (f" Values: {'; '.join(values)}." if values else "")
    return Column(help=told, choices=values, takes_others=False, is_day=one.kind is Kind.DATE)


def _told(domain: Domain) -> str:
    said = "" if isinstance(domain.cell, AnyValue) else f" Domain: {spelled(domain.cell)}."
    return f"Type: {said_type(domain.kind, domain.step)}.{said}"


def _values(domain: Domain) -> Sequence[str]:
    """Return the single values of a domain as cells say them; nothing where they cannot be counted."""
    none = ["none"] if domain.holds(None) else []
    if domain.kind is Kind.YES_NO:
        return [*(word_for(value) for value in (True, False) if domain.holds(value)), *none]
    if isinstance(domain.cell, AnyValue) or domain.cell.negated or domain.cell.ranges or not domain.cell.values:
        return ()
    return [*sorted(word_for(value) for value in domain.cell.values), *none]
