"""What is arranged beside a delivery plan: who reviews, how long it is kept, what the print house is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from xconnector.domain.decision.deciding import DecisionError, decide
from xconnector.domain.decision.table import DecisionTable, Row
from xconnector.domain.decision.values import spelled_value
from xconnector.domain.routing.place import Place, spelled_place
from xconnector.domain.routing.policy import Check, DeliveryPolicy, Facts, Step

LEFT_OPEN = "-"
"""What a cell says to decide nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """What the tables beside the plan say; None and nothing where there is none, or it leaves it open."""

    review: str | None = None
    """A role, or `none`."""
    record_class: str | None = None
    print_options: Mapping[str, str] = field(default_factory=dict[str, str])
    """By output of the table."""
    steps: tuple[Step, ...] = ()


def arrange(policy: DeliveryPolicy, facts: Facts) -> Arrangement:
    """Ask the tables for review, retention and print options.

    Raises DecisionError.
    """
    review = _said(policy, Check.REVIEW, facts)
    retention = _said(policy, Check.RETENTION, facts)
    options = _said(policy, Check.PRINT, facts)
    return Arrangement(
        review=review.words.get("review"),
        record_class=retention.words.get("class"),
        print_options=options.words,
        steps=(*review.steps, *retention.steps, *options.steps),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What the tables of one check say, by output."""

    words: Mapping[str, str]
    steps: tuple[Step, ...]


def _said(policy: DeliveryPolicy, check: Check, facts: Facts) -> _Said:
    words: dict[str, str] = {}
    steps: list[Step] = []
    for table in policy.checks.get(check, ()):
        row = _row(check, table, facts)
        words |= _words_of(row)
        steps.append(told_beside(check, table, row))
    return _Said(words=words, steps=tuple(steps))


def _row(check: Check, table: DecisionTable, facts: Facts) -> Row:
    try:
        return decide(table, facts.common, on=facts.day).row
    except DecisionError as error:
        error.place = spelled_place(Place(check=check, table=table.name))
        raise


def _words_of(row: Row) -> Mapping[str, str]:
    told = {name: value if isinstance(value, str) else spelled_value(value) for name, value in row.then.items()}
    return {name: words for name, words in told.items() if words != LEFT_OPEN}


def told_beside(check: Check, table: DecisionTable, row: Row) -> Step:
    """Return the step that is kept of a row that answered."""
    said = _words_of(row)
    return Step(
        check=check,
        table=table.name,
        table_sha256=table.sha256,
        row=row.id,
        said=", ".join(f"{name}: {words}" for name, words in said.items()) or "nothing",
        cite=row.cite,
    )
