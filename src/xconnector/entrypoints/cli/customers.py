"""`customers`: what is known of each."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import typer

from xconnector.entrypoints.cli import consents, customer_loads, customer_values, matching, same_customer
from xconnector.entrypoints.cli.consents import CustomerKey
from xconnector.entrypoints.cli.running import HERE, AsJson, ProjectFolder, with_place
from xconnector.entrypoints.cli.showing import show_json, show_table

if TYPE_CHECKING:
    from xconnector.operations.customer_standing import CustomerStanding
    from xconnector.pipeline.workplace import Workplace

app = typer.Typer(help="Customer records, consents, and the suppression list.", no_args_is_help=True)
app.command()(customer_loads.load)
app.command()(customer_loads.loads)
app.command()(customer_loads.rejects)
app.command()(consents.consent)
app.command()(consents.suppress)
app.command()(consents.allow)
app.command()(consents.import_consents)
app.command()(same_customer.merge)
app.command()(same_customer.unmerge)
app.command()(customer_values.why)
app.command()(customer_values.override)
app.command()(matching.match)
app.add_typer(matching.matches_app, name="matches")
app.command()(customer_values.disagreements)


@app.command()
def show(customer: CustomerKey, folder: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Show what is known of a customer, who its members are, what may be sent by which medium, and every yes and no."""
    from xconnector.operations.customer_standing import customer_standing

    async def work(place: "Workplace") -> "CustomerStanding":
        kinds = {(kind.category, kind.promotional) for kind in place.project.communications.values()}
        at = place.now().astimezone(ZoneInfo(place.project.locale.timezone))
        rules = place.project.survivorship
        return await customer_standing(place.pool, customer, rules=rules, kinds=kinds, at=at)

    found = with_place(folder, work)
    if as_json:
        show_json(found)
        return
    show_table(
        f"Customer {found.customer}",
        ["field", "value", "source", "as of", "verified", "row"],
        [(one.name, one.value, one.source, one.as_of, _yes(one.verified), one.row) for one in found.golden],
    )
    if found.links:
        show_table("Members", ["member", "since"], [(one.key, one.since) for one in found.members])
        show_table(
            "Why they are one",
            ["member", "and", "when", "by", "basis", "reason"],
            [(one.first_key, one.second_key, one.at, one.actor, one.basis, one.reason) for one in found.links],
        )
    show_table(
        "What holds now",
        ["medium", "category", "advertising", "suppressed", "consent", "basis", "days#", "access shown"],
        [
            (m.medium, m.category, _yes(m.promotional), m.suppressed, m.consent, m.basis, m.days, _yes(m.shown))
            for m in found.media
        ],
    )
    _show_history(found)


def _show_history(found: "CustomerStanding") -> None:
    if found.consents:
        show_table(
            "Consents",
            ["when", "medium", "scope", "action", "basis", "until", "wording", "method", "by", "source", "evidence"],
            [
                (
                    *(c.occurred_at, c.medium, c.scope, c.action, c.basis, c.expires_on, c.wording, c.method),
                    *(c.actor, c.source, c.evidence),
                )
                for c in found.consents
            ],
        )
    if found.suppressions:
        show_table(
            "Suppression list",
            ["when", "medium", "entry", "reason", "address", "by", "source", "note"],
            [
                (s.occurred_at, s.medium, s.action, s.reason, s.address or "any", s.actor, s.source, s.note)
                for s in found.suppressions
            ],
        )


def _yes(is_so: bool) -> str:
    return "yes" if is_so else ""
