"""`status`: what is on its way, what waits for people, what the law wants to leave, and the latest runs."""

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated

import typer

from xconnector.entrypoints.cli.running import HERE, AsJson, ProjectFolder, with_place
from xconnector.entrypoints.cli.showing import console, show_json, show_table

if TYPE_CHECKING:
    from xconnector.operations.deadlines import Deadlines
    from xconnector.operations.feeds_overview import FeedLine
    from xconnector.operations.status import Status
    from xconnector.pipeline.workplace import Workplace


def status(
    deadlines: Annotated[
        bool, typer.Option("--deadlines", help="Only what the law wants to leave soon, by its last day.")
    ] = False,
    limit: Annotated[int, typer.Option(help="At most so many deadlines one by one.", min=1, max=10_000)] = 20,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what is on its way, what waits for people, what must leave soon, and the latest runs."""
    found, due, lines = with_place(folder, lambda place: _found(place, limit))
    if as_json:
        show_json({"deadlines": due} if deadlines else {**_members(found), "deadlines": due, "feeds": lines})
    elif deadlines:
        _show_deadlines(due)
    else:
        _show(found)
        console.print(_told(due))
        console.print(_told_of_feeds(lines))


async def _found(place: "Workplace", limit: int) -> "tuple[Status, Deadlines, list[FeedLine]]":
    from xconnector.operations import deadlines, status
    from xconnector.operations.feeds_overview import feeds_overview
    from xconnector.project.presentation import day_of

    today = day_of(place.now(), place.project.locale.timezone)
    return (
        await status.status(place.pool),
        await deadlines.deadlines(place.pool, on=today, limit=limit),
        await feeds_overview(place.pool, place.project, now=place.now()),
    )


def _members(found: "Status") -> dict[str, object]:
    return {field.name: getattr(found, field.name) for field in fields(found)}


def _told(due: "Deadlines") -> str:
    if not due.number:
        return "nothing that the law wants to leave within three days is still here"
    return (
        f"must leave by law and are still here: {due.past} whose day is past, {due.today} today, "
        f"{due.soon} within three days (xconnector status --deadlines)"
    )


def _told_of_feeds(lines: "list[FeedLine]") -> str:
    """Name the feeds that somebody should look at."""
    told = [f"{one.feed} is {one.state}" for one in lines if one.state in {"stopped", "silent"}]
    told += [f"{one.feed} is stale" for one in lines if one.is_fresh is False]
    return f"feeds: {', '.join(told) or 'none is stopped, silent or stale'} (xconnector feeds)"


def _show_deadlines(due: "Deadlines") -> None:
    show_table(
        "Must leave by law",
        ["communication", "name", "state", "last day"],
        [(one.communication_id, one.name, one.state.replace("_", " "), one.leave_by) for one in due.next],
    )
    console.print(f"\n{_told(due)}")


def _show(found: "Status") -> None:
    show_table("Communications", ["name", "state", "number#"], [(c.name, c.state, c.number) for c in found.counts])
    console.print()
    if found.waiting:
        show_table(
            "Asked for and not begun",
            ["name", "waits for", "number#", "first due"],
            [(one.name, one.waits_for, one.number, one.first_due_at) for one in found.waiting],
        )
        console.print()
    if found.reports_of_nobody:
        show_table(
            "Reports on hand-overs that nobody knows",
            ["connection", "number#", "since"],
            [(one.connection, one.number, one.first_at) for one in found.reports_of_nobody],
        )
        console.print()
    show_table(
        "Latest runs",
        ["run", "file", "records#", "started", "read"],
        [(r.name, r.file_name, r.records_read, r.started_at, r.sealed_at) for r in found.runs],
    )
    console.print()
    show_table(
        "Work",
        ["stage", "waiting#", "running#", "put off#"],
        [(b.stage, b.waiting, b.running, b.put_off) for b in found.backlog],
    )
    if found.listeners:
        console.print()
        show_table(
            "Listening",
            ["listener", "worker", "state", "since", "taken#", "told"],
            [(one.name, one.worker, one.state.value, one.since, one.taken, one.told) for one in found.listeners],
        )
    if found.submissions:
        console.print()
        show_table(
            "Jobs of composers under way",
            ["submission", "state", "documents#", "since", "told"],
            [(s.submission_key, s.state, s.orders, s.submitted_at or s.created_at, s.said) for s in found.submissions],
        )
    console.print(
        f"\n{found.reviews_waiting} reviews wait (xconnector review list) · "
        f"{found.failures} failures with {found.failure_groups} causes (xconnector failures)"
    )
