"""`explain`: the whole history of one communication, and the reason of every decision."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from xconnector.entrypoints.cli.running import HERE, AsJson, ProjectFolder, with_place
from xconnector.entrypoints.cli.showing import console, show_json, show_table, when

if TYPE_CHECKING:
    from xconnector.domain.delivery import DeliveryEvent
    from xconnector.domain.routing.plan import Hop
    from xconnector.operations.decision_accounts import DecisionAccount
    from xconnector.operations.explaining import Explanation

_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{20,}\b")


def explain(
    communication: Annotated[str, typer.Argument(help="Its id, the beginning of it, or the source key.")],
    folder: ProjectFolder = HERE,
    why: Annotated[bool, typer.Option("--why", help="Tell in full why it goes this way, check by check.")] = False,
    data: Annotated[bool, typer.Option("--data", help="Tell where each value that it shows came from.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell everything about one communication: why it goes this way, its documents, hand-overs, reports."""
    from xconnector.operations.explaining import explain as operation

    if data:
        _show_data(folder, communication, as_json=as_json)
        return
    found = with_place(folder, lambda place: operation(place.pool, communication))
    if as_json:
        show_json(_with_evidence(found))
    elif why:
        _show_head(found)
        _show_decisions(found.decided.accounts)
    else:
        _show_head(found)
        _show(found)


def _with_evidence(found: "Explanation") -> dict[str, object]:
    """Return everything, and how well the whole, each hand-over and each report is proven."""
    from xconnector.domain.evidence import evidence_in

    return {
        **_fields(found),
        "delivery_status": found.delivery_status,
        "evidence": found.evidence,
        "handovers": [{**_fields(one), "evidence": found.evidence_of(one)} for one in found.handovers],
        "events": [{**_fields(one), "evidence": evidence_in(one)} for one in found.events],
    }


def _fields(told: Any) -> dict[str, object]:  # noqa: ANN401 - any dataclass
    return {one.name: getattr(told, one.name) for one in fields(told)}


def _show_data(folder: Path, communication: str, *, as_json: bool) -> None:
    from xconnector.operations.data_lineage import data_lineage

    told = with_place(folder, lambda place: data_lineage(place.pool, communication))
    if as_json:
        show_json(told)
        return
    console.print(f"{told.found.name} for customer {told.found.customer_key}", highlight=False, markup=False)
    if told.mapping is not None:
        mapping = f"mapping {told.mapping} {(told.mapping_sha256 or '')[:12]}"
        console.print(
            f"Record {told.found.source} {told.found.source_key}, by {mapping}", highlight=False, markup=False
        )
    if told.trouble is not None:
        console.print(f"Paths cannot be told: {told.trouble}", highlight=False, markup=False)
    show_table(
        "Its data",
        ["field", "value", "came from"],
        [(one.name, _flat(one.value), one.said_by or ", ".join(one.paths)) for one in told.fields],
    )


def _show_head(found: "Explanation") -> None:
    row = found.found
    console.print(f"[bold]{row.title or row.name}[/bold]  {row.communication_id}", highlight=False)
    console.print(
        f"{row.name} for customer {row.customer_key}, made of {row.source} {row.source_key}"
        + (f", run {row.run_name}" if row.run_name else ""),
        highlight=False,
        markup=False,
    )
    stand = row.state.replace("_", " ")
    route = " → ".join(f"({name})" if index == row.hop else name for index, name in enumerate(row.plan))
    delivery = f"delivery: {found.delivery_status.value}, evidence: {found.evidence.value}"
    console.print(f"[bold]{stand}[/bold]  {route}  {delivery}", highlight=False)
    if found.decided.why is not None:
        console.print(found.decided.why, highlight=False, markup=False)
    for line in _course(found):
        console.print(line, highlight=False, markup=False)
    console.print()


def _course(found: "Explanation") -> Iterator[str]:
    """Tell for what it waits, what became one with it, and whether it was stopped."""
    course = found.course
    if course is None:
        return
    if course.waits is not None:
        yield course.waits
    if course.took_in:
        yield f"It is one communication with records {', '.join(course.took_in)}"
    if course.stopped is not None:
        yield course.stopped


def _show_decisions(accounts: "Sequence[DecisionAccount]") -> None:
    if not accounts:
        console.print("Nothing was decided of it.")
    for account in accounts:
        console.print(f"[bold]Decided {when(account.decided_at)}[/bold], as of {account.day}:", highlight=False)
        console.print(_outcome(account), highlight=False, markup=False)
        for step in account.steps:
            console.print(step.line, highlight=False, markup=False)
            for other in step.others:
                console.print(f"     {other}", style="dim", highlight=False, markup=False)
        if account.trouble is not None:
            console.print(f"It cannot be told again: {account.trouble}", highlight=False, markup=False)
        console.print()
        if account.facts is None and account.trouble is not None:
            continue
        if account.facts is None:
            console.print("What the tables saw was erased.\n")
        else:
            show_table("What the tables saw", ["input", "value"], [(n, _flat(v)) for n, v in account.facts.items()])
            console.print()


def _outcome(account: "DecisionAccount") -> str:
    from xconnector.domain.routing.plan import Suppression

    outcome = account.outcome
    if isinstance(outcome, Suppression):
        return f"not sent: {outcome.reason}"
    if outcome is None:
        return f"could not be decided: {account.failed}"
    mandatory = "must be sent: " if account.is_mandatory else ""
    within = "" if account.leave_within is None else f"; on its way within {account.leave_within} days"
    return f"{mandatory}{' → '.join(_hop(hop) for hop in outcome.hops)}{within}"


def _hop(hop: "Hop") -> str:
    from xconnector.domain.routing.route_cell import spelled_wait

    wait = "" if hop.wait is None else f" for {spelled_wait(hop.wait)}"
    proof = "" if hop.proof is None else f" with {hop.proof}"
    cost = "" if hop.cost is None else f" ({hop.cost})"
    return f"{hop.connection}{wait}{proof}{cost}"


def _type(event: "DeliveryEvent") -> str:
    return f"{event.type.value} by a program" if event.by_machine else event.type.value


def _show(found: "Explanation") -> None:
    from xconnector.domain.evidence import evidence_in

    show_table(
        "History",
        ["when", "what", "who", "detail"],
        [(entry.at, entry.event, entry.actor, _told(entry.detail)) for entry in found.history],
    )
    console.print()
    show_table(
        "Documents",
        ["kind", "sha-256", "pages#", "archived at", "kept until"],
        [
            (
                rendition.kind.value,
                rendition.sha256,
                rendition.pages,
                next((_flat(kept.address) for kept in found.archived if kept.kind == rendition.kind), "not yet"),
                next((str(kept.retain_until) for kept in found.archived if kept.kind == rendition.kind), ""),
            )
            for rendition in found.renditions
        ],
    )
    if found.handovers:
        console.print()
        show_table(
            "Hand-overs",
            ["when", "by", "state", "evidence", "its name there", "segments#", "price"],
            [
                (
                    *(one.intended_at, one.connection, one.state.replace("_", " "), found.evidence_of(one).value),
                    *(one.reference, one.segments, None if one.price is None else f"{one.price} {one.currency}"),
                )
                for one in found.handovers
            ],
        )
    if found.events:
        console.print()
        show_table(
            "Reports",
            ["when", "what", "evidence", "reason", "in its words", "of hand-over"],
            [(e.occurred_at, _type(e), evidence_in(e).value, e.reason, e.detail, e.dispatch_key) for e in found.events],
        )
    if found.failures:
        console.print()
        show_table(
            "Failures",
            ["when", "stage", "reason", "resolved"],
            [(f.failed_at, f.stage, f.reason, f"{when(f.resolved_at)} {f.resolution or ''}") for f in found.failures],
        )


def _told(detail: Mapping[str, Any] | None) -> str:
    """Tell the detail of a ledger entry in a line; a decision in a few words."""
    if not detail:
        return ""
    if "decision" in detail:
        return _decision(detail["decision"])
    return ", ".join(
        f"{name.replace('_', ' ')} {_flat(value)}"
        for name, value in detail.items()
        if value is not None and name != "kept"
    )


def _decision(decision: Mapping[str, Any]) -> str:
    said = f"suppressed: {decision['suppressed']}" if "suppressed" in decision else " → ".join(decision["route"])
    review = f", review by {decision['review']}" if decision.get("review") else ""
    cite = f" ({decision['cite']})" if decision.get("cite") else ""
    return f"{said}{review}, by row {decision['row']} of table {decision['table']}{cite}"


def _flat(value: object) -> str:
    """Tell a value in a few words; long digests by their beginning, whole ones are in `--json`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{name} {inner}" for name, inner in cast("dict[str, object]", value).items())
    return "nothing" if value is None else _DIGEST.sub(r"\1…", str(value))
