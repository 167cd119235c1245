"""`customers why`, `override`, `disagreements`: why golden values are what they are, and what is said against them."""

import getpass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import typer

from xconnector.domain.counted import counted
from xconnector.domain.survivorship import ADDRESS
from xconnector.entrypoints.cli.consents import By, CustomerKey
from xconnector.entrypoints.cli.running import HERE, AsJson, ProjectFolder, refuse, with_place
from xconnector.entrypoints.cli.showing import show_json, show_table
from xconnector.project.customer_fields import is_golden_field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xconnector.domain.golden_explained import ExplainedValue
    from xconnector.operations.disagreements import DisagreementReport, Sample
    from xconnector.pipeline.workplace import Workplace

FieldName = Annotated[str, typer.Argument(metavar="FIELD", help="Such as email, or `address` for all of its parts.")]


def why(
    customer: CustomerKey,
    name: FieldName,
    at: Annotated[str | None, typer.Option(help="Of what held at this time, such as 2026-11-23T08:00.")] = None,
    known_at: Annotated[str | None, typer.Option(help="Of what was known here at this time.")] = None,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Explain one golden value: who gave it, by which row of the table, and why not what the others say."""
    from xconnector.operations.customer_why import Moments, customer_why

    async def work(place: "Workplace") -> "tuple[ExplainedValue, ZoneInfo]":
        zone = ZoneInfo(place.project.locale.timezone)
        held, known = _moment(at, zone), _moment(known_at, zone)
        moments = Moments(at=held or known or place.now().astimezone(zone), valid_at=held, known_at=known)
        return await customer_why(place.pool, customer, name, place.project.survivorship, moments), zone

    found, zone = with_place(folder, work)
    if as_json:
        show_json(found)
        return
    told = f"is {_shown(found.value)}" if found.value is not None else "has no golden value"
    typer.echo(f"{name} {told}: {found.reason}.")
    if found.losers:
        show_table(
            "Not golden",
            ["source", "customer", "value", f"as of ({zone.key})", "verified", "why not"],
            [
                (
                    f"{one.source}, row {one.source_row}" if one.source_row else one.source,
                    one.member,
                    _shown(one.value),
                    f"{one.as_of.astimezone(zone):%Y-%m-%d %H:%M:%S}",
                    "yes" if one.verified else "",
                    one.reason,
                )
                for one in found.losers
            ],
        )


def override(
    customer: CustomerKey,
    name: FieldName,
    reason: Annotated[str, typer.Option(help="Why, for whoever asks later.")],
    value: Annotated[
        str | None,
        typer.Argument(
            metavar="[VALUE]",
            help='What is right; nothing ("") where the customer has none. An address is JSON of its parts.',
        ),
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="DAY", help="The last day on which it counts.")] = None,
    revoke: Annotated[bool, typer.Option(help="End what overrides the field, instead of overriding it.")] = False,
    by: By = None,
    folder: ProjectFolder = HERE,
) -> None:
    """Say what a field is, against all sources, until a day or until it is revoked."""
    from xconnector.operations.overrides import Objection
    from xconnector.operations.overrides import override as operation

    if revoke == (value is not None):
        refuse("name a value, or --revoke")
    if revoke and until is not None:
        refuse("what is revoked ends now; leave out --until")

    async def work(place: "Workplace") -> None:
        said = Objection(
            customer_key=customer,
            name=name,
            value=_value(name, value or ""),
            reason=reason,
            by=by or getpass.getuser(),
            until=_end(until, ZoneInfo(place.project.locale.timezone)),
            revokes=revoke,
        )
        await operation(place.pool, said, place.project.customer_fields, now=place.now())

    with_place(folder, work)
    typer.echo(
        "revoked" if revoke else f"overridden; `xconnector customers override {customer} {name} --revoke` ends it"
    )


def disagreements(
    name: Annotated[
        list[str] | None, typer.Option("--field", help="Only this field; may be given several times.")
    ] = None,
    sources: Annotated[str, typer.Option(help="Only these with one another, parted by commas.")] = "",
    customers: Annotated[
        Path | None,
        typer.Option(help="File with the key of a customer in each line; all by default.", exists=True, dir_okay=False),
    ] = None,
    samples: Annotated[int, typer.Option(help="Customers that are named of each.", min=0, max=1000)] = 5,
    values: Annotated[bool, typer.Option(help="Tell what the sources say as well: customer content.")] = False,
    folder: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Count by field and pair of sources for how many customers they differ; to be read before a run."""
    from xconnector.operations.disagreements import Doubt
    from xconnector.operations.disagreements import disagreements as operation
    from xconnector.project.contact_forms import written_alike

    async def work(place: "Workplace") -> "DisagreementReport":
        home = place.project.home_country
        doubt = Doubt(
            alike=lambda said: written_alike(said, home),
            names=frozenset(name or ()),
            sources=frozenset(filter(None, map(str.strip, sources.split(",")))),
            population=customers,
            most_samples=samples,
            with_values=values,
        )
        return await operation(place.pool, doubt)

    found = with_place(folder, work)
    if as_json:
        show_json(found)
        return
    unknown = f"; of {found.unknown:,} no source speaks" if found.unknown else ""
    if not found.disagreements:
        typer.echo(f"{counted(found.customers, 'customer')}: no two sources disagree{unknown}")
        return
    show_table(
        f"{counted(found.customers, 'customer')}{unknown}",
        ["field", "source", "other", "both say it#", "differ#", "such as"],
        [(d.name, d.source, d.other, d.both, d.differ, _told(d.samples)) for d in found.disagreements],
    )


def _told(samples: "Sequence[Sample]") -> str:
    return "\n".join(
        one.customer if one.value is None else f"{one.customer}: {_shown(one.value)} / {_shown(one.other_value)}"
        for one in samples
    )


def _moment(text: str | None, zone: ZoneInfo) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        refuse(f"{text!r} is no time; write it as 2026-11-23T08:00")
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)


def _end(text: str | None, zone: ZoneInfo) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), zone)
    except (ValueError, OverflowError):
        refuse(f"{text!r} is no day; write it as 2026-12-31")


def _value(name: str, text: str) -> Any:  # noqa: ANN401 - whatever a field holds
    if not text.strip():
        return None
    if name != ADDRESS and (text not in {"true", "false"} or is_golden_field(name)):
        return text
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        refuse('an address is JSON, such as {"address_lines": ["Hof 1"], "postcode": "10115", "city": "Berlin"}')


def _shown(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else msgspec.json.encode(value).decode()
