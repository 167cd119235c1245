from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.decision.made import EVERY_VALUE, ROUTES, one_of, tables
from xconnector.domain.decision.table import Case, DecisionTable, Domain, HitPolicy, Input, Output, Row
from xconnector.domain.decision.values import Kind, Value
from xconnector.project.tables.files import FORMS, table_bytes, understood
from xconnector.project.tables.limits import LONGEST_TEXT
from xconnector.project.tables.unseen_signs import unseen_in

EXAMPLES = Path(__file__).parents[3] / "src" / "xconnector" / "examples"
TABLES = sorted(EXAMPLES.glob("*/tables/*.md"))

PRINTABLE = st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"], include_characters='\n\t|\\`<>="')
ODD = ("a<br>b", "\\|", "\\", "`x`", "=1+1", "_x000D_", '"', '"a" b', 'a "\\_" b', '"<br>', '"\\<br>"', "C:\\new")
SEEN_TEXT = st.text(PRINTABLE, max_size=12).filter(lambda text: not [*unseen_in(text)])
ANY_TEXT = SEEN_TEXT | st.lists(st.sampled_from([*ODD, " ", "\n", "|"]), max_size=4).map("".join)
TEXTS = ANY_TEXT.map(str.strip)
SOME = TEXTS.filter(bool)
PROSE = "# Title\n\nSome *words*.\n\n```\n| row |\n```"


def again(table: DecisionTable, form: str) -> DecisionTable:
    """Return the table after it was written and read in a form."""
    found, wrong = understood("routing", "t", table_bytes(table, form=form), form=form)

    assert wrong == []
    assert found is not None
    return found.table


def of_values(kind: Kind) -> st.SearchStrategy[Any]:
    return SOME if kind is Kind.TEXT else st.sampled_from(EVERY_VALUE[kind])


@st.composite
def outputs_of(draw: Callable[[st.SearchStrategy[Any]], Any], name: str) -> Output:
    kind = draw(st.sampled_from([*EVERY_VALUE]))
    step = draw(st.sampled_from([None, Decimal("0.25")]) if kind is Kind.NUMBER else st.none())
    values = draw(st.just([]) | st.lists(of_values(kind), max_size=3, unique=True)) if step is None else [Decimal(1)]
    return Output(name=name, kind=kind, values=tuple(values), step=step)


@st.composite
def said_of(draw: Callable[[st.SearchStrategy[Any]], Any], one: Output) -> Value | None:
    """A value that a row can say for an output."""
    if one.values:
        value = draw(st.sampled_from(one.values))
    else:
        value = draw(of_values(one.kind) if one.kind is Kind.TEXT else st.none() | of_values(one.kind))
    # Whatever the step is, 1 is a multiple of it.
    return Decimal(1) if one.step is not None else value


@st.composite
def told(draw: Callable[[st.SearchStrategy[Any]], Any]) -> DecisionTable:
    """A table with everything that a file can say."""
    made: DecisionTable = draw(tables().filter(lambda one: bool(one.rows)))
    outputs = [
        *(draw(outputs_of(f"o{at}")) for at in range(draw(st.integers(0, 2)))),
        Output(name="route", values=ROUTES),
    ]
    rows = tuple(
        replace(
            row,
            then={one.name: row.then["route"] if one.name == "route" else draw(said_of(one)) for one in outputs},
            cite=draw(st.none() | SOME),
            owner=draw(st.none() | SOME),
            note=draw(st.none() | SOME),
        )
        for row in made.rows
    )
    texts = [draw(SOME) for _ in rows]
    case = Case(
        name=draw(SOME),
        given={
            **{one.name: draw(st.none() | of_values(one.domain.kind)) for one in made.inputs if draw(st.booleans())},
            "text": draw(st.none() | TEXTS),
        },
        on=draw(st.none() | st.just(date(2026, 1, 1))),
        rows=draw(st.sampled_from([None, (), *((row.id,) for row in rows)])),
        then={one.name: draw(said_of(one)) for one in outputs if draw(st.booleans())},
    )
    line = SOME.filter(lambda text: "\n" not in text)
    return replace(
        made,
        # An input of text whose cells hold any text at all.
        inputs=(*made.inputs, Input(name="text", domain=Domain(kind=Kind.TEXT))),
        outputs=tuple(outputs),
        rows=tuple(
            replace(row, when=(*row.when, one_of(text, draw(ANY_TEXT), negated=draw(st.booleans()))))
            for row, text in zip(rows, texts, strict=True)
        ),
        owner=draw(st.none() | line),
        gaps=draw(st.none() | line),
        about=draw(st.sampled_from(["", PROSE, "a\n\n\nb"])),
        cases=(case,) if draw(st.booleans()) else (),
    )


@pytest.mark.parametrize("form", FORMS)
@settings(deadline=None, max_examples=60)
@given(made=told())
def test_what_is_written_reads_as_the_same_table(form: str, made: DecisionTable) -> None:
    found = again(made, form)

    assert found == made
    assert found.sha256 == made.sha256


@pytest.mark.parametrize("form", FORMS)
@settings(deadline=None, max_examples=100)
@given(text=ANY_TEXT, note=SOME)
def test_any_text_can_stand_in_any_cell_of_any_form(form: str, text: str, note: str) -> None:
    made = DecisionTable(
        name="routing",
        inputs=(Input(name="x", domain=Domain(kind=Kind.TEXT, cell=one_of(text, "a"))),),
        outputs=(Output(name="route", values=(note,)),),
        rows=(Row(id="R1", when=(one_of(text, "a"),), then={"route": note}, note=note),),
        hit=HitPolicy.FIRST,
    )

    assert again(made, form) == made


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sign", ["\0", "\x01", "\x0b", "\r", "\x7f", "\x85", "\N{LINE SEPARATOR}", "\ufffe", "\uffff"])
def test_a_sign_that_not_every_form_can_keep_is_in_no_table(form: str, sign: str) -> None:
    table = again_or_made(form)
    content = table_bytes(table, form=".json").replace(b'"cite": "law"', f'"cite": "a\\u{ord(sign):04x}b"'.encode())

    assert understood("routing", "t", content, form=".json")[0] is None


def again_or_made(form: str) -> DecisionTable:
    content = "| row | then route | cite |\n|--|--|--|\n| R1 | p | law |"
    found, wrong = understood("routing", "t", content.encode(), form=".md")
    assert found is not None, wrong
    return again(found.table, form)


@pytest.mark.parametrize("form", FORMS)
def test_prose_of_any_length_survives_every_form(form: str) -> None:
    line = "_x000D_ " * (LONGEST_TEXT // 8 - 1)
    about = "\n".join(f"{line}{at}\n\n\n   {'word ' * at}\n" for at in range(20)).strip()
    made = replace(again_or_made(form), about=about)

    assert again(made, form) == made


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "cell", [",".join(map(str, range(400))), ",".join(f">{at}" for at in range(280)), f'"{"x" * 1_900}"', "not a" * 300]
)
def test_a_long_cell_that_is_read_once_is_read_again(form: str, cell: str) -> None:
    content = f"| row | when x | then route |\n|--|--|--|\n| R1 | {cell} | p |"
    found, wrong = understood("routing", "t", content.encode(), form=".md")
    assert found is not None, wrong

    assert again(found.table, form) == found.table


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("file", TABLES, ids=lambda file: f"{file.parents[1].name}-{file.stem}")
def test_the_tables_of_the_examples_survive_every_form(form: str, file: Path) -> None:
    found, wrong = understood("routing", file.name, file.read_bytes(), form=".md")
    assert found is not None, wrong

    assert again(found.table, form) == found.table
