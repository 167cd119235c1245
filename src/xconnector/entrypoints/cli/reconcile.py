"""`reconcile`: does what came in equal what ended plus what is on its way?"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from xconnector.entrypoints.cli.running import DONE_WITH_FAILURES, HERE, AsJson, ProjectFolder, refuse, with_place
from xconnector.entrypoints.cli.showing import console, show_json, show_table

if TYPE_CHECKING:
    from xconnector.store.reconciliations import Account
    from xconnector.store.submissions import KeptSubmission


def reconcile(
    run: Annotated[str | None, typer.Argument(help="Name or id of a run; without it everything is counted.")] = None,
    day: Annotated[datetime | None, typer.Option(help="A day instead of a run.", formats=["%Y-%m-%d"])] = None,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Print the account of a run or a day; exit code 1 when it does not close."""
    from xconnector.operations import reconciling
    from xconnector.pipeline.workplace import Workplace

    if run is not None and day is not None:
        refuse("give a run or --day, not both")

    async def work(place: Workplace) -> "tuple[str, Account, Sequence[KeptSubmission]]":
        if run is not None:
            of_run = await reconciling.reconcile_run(place.pool, run)
            return f"Run {of_run.run.name}", of_run.account, of_run.submissions
        if day is not None:
            chosen: date = day.date()
            zone = place.project.locale.timezone
            return f"Day {chosen}", await reconciling.reconcile_day(place.pool, chosen, zone), ()
        everything = await reconciling.reconcile_everything(place.pool)
        return "Everything", everything, await reconciling.submissions_under_way(place.pool)

    title, account, submissions = with_place(folder, work)
    if as_json:
        show_json({**account_as_json(title, account), "submissions": submissions})
    else:
        show_account(title, account)
        show_submissions(submissions)
    if not account.closes:
        raise typer.Exit(DONE_WITH_FAILURES)


def account_as_json(title: str, account: "Account") -> dict[str, object]:
    """Return the account as the JSON that `--json` prints."""
    sum_of_it = account.reconciliation
    return {
        "of": title,
        "in": sum_of_it.came_in,
        **{standing.value: number for standing, number in sum_of_it.standings.items()},
        "difference": sum_of_it.difference,
        "expected": sum_of_it.expected,
        "declared": sum_of_it.declared,
        "records_read": sum_of_it.records_read,
        "records": account.records,
        "states": account.states,
        "sealed": sum_of_it.sealed,
        "disagreements": account.disagreements,
        "closes": account.closes,
        "is_through": sum_of_it.is_through,
    }


def show_account(title: str, account: "Account") -> None:
    """Print the account as a sum, and what each line is made of."""
    sum_of_it = account.reconciliation
    rows: list[Sequence[object]] = [("in", sum_of_it.came_in, _parts({"records": sum_of_it.records_read}))]
    rows += [
        (f"{'=' if index == 0 else '+'} {standing.value.replace('_', ' ')}", number, _made_of(account, standing.value))
        for index, (standing, number) in enumerate(sum_of_it.standings.items())
    ]
    rows.append(("difference", sum_of_it.difference, ""))
    if sum_of_it.expected is not None:
        rows.append(("in the file", sum_of_it.expected, _parts({"still to come": sum_of_it.unread})))
    if sum_of_it.declared is not None:
        rows.append(("declared by the source", sum_of_it.declared, _parts({"undeclared": sum_of_it.undeclared})))
    if account.disagreements:
        rows.append(("table and ledger disagree", account.disagreements, "report this as a defect"))
    show_table(title, ["", "number#", "of which"], rows)
    console.print("[green]closes[/green]" if account.closes else "[bold red]does not close[/bold red]")
    if not sum_of_it.sealed:
        console.print(_unsealed(account), highlight=False)


def show_submissions(submissions: "Sequence[KeptSubmission]") -> None:
    """Print what composers that work in their own time were asked for, made and left out, job by job."""
    if not submissions:
        return
    console.print()
    show_table(
        "Jobs of composers",
        ["submission", "state", "asked for#", "composed#", "failed#", "left out#", "not asked for#"],
        [
            (row.submission_key, row.state, row.orders, row.composed, row.failed, row.left_out, row.unasked)
            for row in submissions
        ],
    )
    for row in submissions:
        console.print(f"\n{row.submission_key}", style="dim", highlight=False, markup=False)
        # Whole lines, however narrow the terminal: these names are copied from here.
        for name, value in {**({"last look": row.said} if row.said else {}), **row.detail}.items():
            console.print(f"  {name}: {value}", highlight=False, markup=False, soft_wrap=True)
    if strangers := sum(row.unasked or 0 for row in submissions):
        console.print(
            f"[bold red]{strangers:,} results that nobody asked for[/bold red] lie among the outputs of these jobs: "
            "somebody else's documents, or a key that differs from the design file's. They were given to nobody."
        )


def _unsealed(account: "Account") -> str:
    sum_of_it = account.reconciliation
    remedy = "Such a file is still being read, or was interrupted: then run the same command again, and it goes on."
    if sum_of_it.expected is None:
        return f"Runs whose file is not read to its end: {sum_of_it.unsealed} (see `xconnector status`). {remedy}"
    return f"{sum_of_it.records_read:,} of {sum_of_it.expected:,} records of the file are in. {remedy}"


def _made_of(account: "Account", standing: str) -> str:
    from xconnector.domain.communication import standing_of

    parts = {
        state.value.replace("_", " "): number
        for state, number in account.states.items()
        if standing_of(state).value == standing and state.value != standing
    }
    records = account.records
    if standing == "suppressed":
        parts |= {"records repeated": records["repeated"], "asked for none": records["asked_for_none"]}
    elif standing == "failed":
        parts |= {"records refused": records["refused"], "records set aside": records["set_aside"]}
    elif standing == "in_progress":
        parts |= {"records not asked yet": records["unasked"]}
    return _parts(parts)


def _parts(parts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in parts.items() if number)
