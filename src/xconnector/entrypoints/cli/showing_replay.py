"""Showing what a replay found, and what a shadow answered."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING

import typer

from xconnector.entrypoints.cli.showing import show_table, when

if TYPE_CHECKING:
    from xconnector.domain.decision.replay import Became, ReplayMatrix
    from xconnector.domain.routing.what_if import Consequences, Reason
    from xconnector.operations.replaying import ReplayReport
    from xconnector.operations.shadow_report import ShadowReport

_MOST_SHOWN = 30


def show_replay(report: "ReplayReport") -> None:
    for line in summary(report):
        typer.echo(line)
    matrix = report.matrix
    shown = matrix.cells[:_MOST_SHOWN]
    typer.echo()
    show_table(
        "Rows",
        ["old row", "new row", "questions#", "share#", "answer"],
        [
            (cell.old_row or "-", cell.new_row or "-", cell.number, _share(cell.number, matrix.asked), _answer(cell))
            for cell in shown
        ],
    )
    if len(shown) < len(matrix.cells):
        typer.echo(f"and {len(matrix.cells) - len(shown):,} more; --json tells all")
    for one in matrix.without_answer:
        typer.echo(f"{one.number:,} without an answer: {one.reason} (such as {', '.join(map(str, one.examples))})")
    if report.consequences is not None:
        _show_consequences(report.consequences)


def summary(report: "ReplayReport") -> Iterator[str]:
    matrix = report.matrix
    yield (
        f"Table {report.table}@{report.table_sha256[:12]}: {matrix.asked:,} questions in {report.decisions:,} decisions"
    )
    yield (
        f"{matrix.changed:,} ({_share(matrix.changed, matrix.asked)}) change, {matrix.said_otherwise:,} of them in "
        f"what is said, {matrix.failed:,} have no answer; {matrix.customers_affected:,} customers affected"
    )
    found = report.consequences
    if found is not None:
        first = found.first_hops
        yield (
            f"{found.other_ways:,} of {found.decided:,} deliveries go another way; first pieces cost {first.before:,} "
            f"before and {first.after:,} after ({_signed(first.difference)})"
        )
    for said, number in (
        ("decisions that asked no table of this name", report.not_asked),
        ("decisions whose facts were erased", report.erased),
        ("changes not decided anew, since not all is there that they were decided by", report.without_policy),
        ("decisions whose facts were changed past us", report.changed_past_us),
        ("decisions that do not say what decisions say", report.unreadable),
        ("lines set aside", report.set_aside),
    ):
        if number:
            yield f"{said}: {number:,}"


def tell_set_aside(report: "ReplayReport") -> None:
    """Name the lines that could not be read."""
    for line in report.set_aside_lines:
        typer.echo(f"line {line.line} is set aside: {line.reason}", err=True)
    if report.set_aside > len(report.set_aside_lines):
        typer.echo(f"and {report.set_aside - len(report.set_aside_lines):,} more", err=True)


def _show_consequences(found: "Consequences") -> None:
    typer.echo()
    show_table(
        "First channels",
        ["old", "new", "deliveries#", "share#"],
        [(one.old, one.new, one.number, _share(one.number, found.decided)) for one in found.channels[:_MOST_SHOWN]],
    )
    typer.echo()
    show_table(
        "Costs",
        ["of", "before#", "after#", "difference#"],
        [
            (name, f"{cost.before:,}", f"{cost.after:,}", _signed(cost.difference))
            for name, cost in (("first pieces", found.first_hops), ("every hop", found.whole_plans))
        ],
    )
    if found.without_cost:
        typer.echo(f"{found.without_cost:,} deliveries are not in the sums: nobody says what their pieces cost")
    if found.newly_decided:
        typer.echo(f"{found.newly_decided:,} could not be decided then, and can be now")
    if found.newly_sent:
        typer.echo(f"{found.newly_sent:,} would be sent that were not")
    _show_reasons("would not be sent any more", found.newly_suppressed)
    _show_reasons("must be sent and find no way", found.left_without_way)
    _show_reasons("cannot be decided", found.without_answer)
    _show_reasons("could not be decided then, and cannot be now", found.still_undecided)


def _show_reasons(what: str, reasons: "Iterable[Reason]") -> None:
    for one in reasons:
        typer.echo(f"{one.number:,} {what}: {one.reason} (such as {', '.join(map(str, one.examples))})")


def show_shadow(report: "ShadowReport") -> None:
    typer.echo(
        f"{report.table}@{report.shadow_sha256[:12]} in the shadow, {when(report.since)} to {when(report.until)}: "
        f"{report.asked:,} questions, {report.differing:,} ({_share(report.differing, report.asked)}) answered "
        "otherwise"
    )
    show_table(
        None,
        ["in force", "in the shadow", "questions#", "share#", "answer", "such as"],
        [
            (
                one.in_force_row,
                one.shadow_row or "-",
                one.number,
                _share(one.number, report.asked),
                one.reason or ("otherwise" if one.differs else "the same"),
                ", ".join(map(str, one.examples or ())),
            )
            for one in report.counts[:_MOST_SHOWN]
        ],
    )


def _answer(cell: "Became") -> str:
    if cell.new_row is None:
        return "none"
    if cell.old_row is None:
        return "new"
    if cell.says_otherwise is None:
        return "not known" if cell.is_change else "the same row"
    return "otherwise" if cell.says_otherwise else "the same"


def _share(number: int, total: int) -> str:
    return f"{100 * number / total:.1f} %" if total else ""


def _signed(difference: Decimal) -> str:
    return f"{difference:+,}"


def replay_as_json(report: "ReplayReport") -> dict[str, object]:
    """Return what a replay found as the JSON that `--json` prints."""
    told: dict[str, object] = {field.name: getattr(report, field.name) for field in fields(report)}
    return {**told, "matrix": _matrix_as_json(report.matrix)}


def _matrix_as_json(matrix: "ReplayMatrix") -> dict[str, object]:
    return {
        "asked": matrix.asked,
        "changed": matrix.changed,
        "said_otherwise": matrix.said_otherwise,
        "failed": matrix.failed,
        "customers_affected": matrix.customers_affected,
        "cells": matrix.cells,
        "without_answer": matrix.without_answer,
    }


def shadow_as_json(report: "ShadowReport") -> dict[str, object]:
    """Return what a shadow answered as the JSON that `--json` prints."""
    return {
        "table": report.table,
        "shadow_sha256": report.shadow_sha256,
        "asked": report.asked,
        "differing": report.differing,
        "matrix": report.counts,
    }
