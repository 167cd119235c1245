from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.decision.made import tables
from xconnector.domain.decision.table import Case, DecisionTable, Output
from xconnector.domain.decision.values import Kind
from xconnector.project.tables.files import FORMS, table_bytes, understood

EXAMPLES = Path(__file__).parents[3] / "src" / "xconnector" / "examples"
TABLES = sorted(EXAMPLES.glob("*/tables/*.md"))

PRINTABLE = st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"], include_characters='\n|\\`<>="')
TEXTS = st.text(PRINTABLE, max_size=12).map(str.strip) | st.sampled_from(["a<br>b", "\\|", "`x`", "=1+1", "_x000D_"])
SOME = TEXTS.filter(bool)


@st.composite
def told(draw: Callable[[st.SearchStrategy[Any]], Any]) -> DecisionTable:
    """A table with everything that a file can say."""
    made: DecisionTable = draw(tables())
    ways = draw(st.lists(SOME, min_size=1, unique=True))
    has_values = draw(st.booleans())
    outputs = (
        Output(name="route", values=tuple(ways) if has_values else ()),
        Output(name="days", kind=Kind.NUMBER),
    )
    rows = tuple(
        replace(
            row,
            then={
                "route": draw(st.sampled_from(ways)),
                "days": draw(st.sampled_from([None, Decimal(5), Decimal("7.5")])),
            },
            cite=draw(st.none() | SOME),
            owner=draw(st.none() | SOME),
            note=draw(st.none() | SOME),
        )
        for row in made.rows
    )
    case = Case(
        name=draw(SOME),
        given={one.name: None for one in made.inputs if draw(st.booleans())},
        on=draw(st.none() | st.just(date(2026, 1, 1))),
        rows=draw(st.sampled_from([None, (), *((row.id,) for row in rows)])),
        then={"days": None} if draw(st.booleans()) else {},
    )
    line = SOME.filter(lambda text: "\n" not in text)
    return replace(
        made,
        outputs=outputs,
        rows=rows,
        owner=draw(st.none() | line),
        gaps=draw(st.none() | line),
        about=draw(st.sampled_from(["", "# Title\n\nSome *words*.\n\n```\n| row |\n```", "a\n\n\nb"])),
        cases=(case,) if draw(st.booleans()) else (),
    )


@pytest.mark.parametrize("form", FORMS)
@settings(deadline=None, max_examples=40)
@given(made=told())
def test_what_is_written_reads_as_the_same_table(form: str, made: DecisionTable) -> None:
    if not made.rows or (made.hit == "priority" and not made.outputs[0].values):
        return
    content = table_bytes(made, form=form)

    found, wrong = understood("routing", "t", content, form=form)

    assert wrong == []
    assert found is not None
    assert found.table == made
    assert found.table.sha256 == made.sha256


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("file", TABLES, ids=lambda file: f"{file.parents[1].name}-{file.stem}")
def test_the_tables_of_the_examples_survive_every_form(form: str, file: Path) -> None:
    found, wrong = understood(file.stem, file.name, file.read_bytes(), form=".md")
    assert found is not None, wrong

    again, wrong = understood(file.stem, "t", table_bytes(found.table, form=form), form=form)

    assert again is not None, wrong
    assert again.table == found.table
