"""`status`: what is on its way, what waits for people, and the latest runs."""

from xconnector.entrypoints.cli.running import HERE, AsJson, ProjectFolder, with_place
from xconnector.entrypoints.cli.showing import console, show_json, show_table


def status(folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Show what is on its way, what waits for people, and the latest runs."""
    from xconnector.operations import status as operation

    found = with_place(folder, lambda place: operation.status(place.pool))
    if as_json:
        show_json(found)
        return
    show_table("Communications", ["name", "state", "number#"], [(c.name, c.state, c.number) for c in found.counts])
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
