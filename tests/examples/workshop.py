"""Makes what the examples' templates make, through the real loader, run sources, mappings, and composer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from xconnector.connectors.embedded.composer import EmbeddedComposer
from xconnector.connectors.embedded.settings import EmbeddedSettings
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.registry import manifest
from xconnector.contract.source import RunSource
from xconnector.domain.customer import Customer
from xconnector.domain.document import RenditionKind
from xconnector.domain.event import BadRecord
from xconnector.project.load import load_project
from xconnector.project.mapping import Mapped
from xconnector.project.model import CommunicationKind, Project
from xconnector.project.presentation import Presentation, present

EXAMPLES = Path(__file__).parents[2] / "src" / "xconnector" / "examples"
SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
NAMES = ("insurer", "bank", "utility")
LANGUAGES = ("de", "en", "fr")
ISSUED_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
_FAMILY = UUID("6f1c0d52-8a3e-4c57-9b7e-1d2f3a4b5c6d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One communication to be made, and what its reader shall see."""

    example: str
    kind: CommunicationKind
    presentation: Presentation = field(repr=False)
    order: Order


@cache
def project(example: str) -> Project:
    return load_project(EXAMPLES / example, {})


def template_file(example: str, path: str) -> Path:
    return EXAMPLES / example / "templates" / path


@cache
def customers(example: str) -> Mapping[str, Mapping[str, Any]]:
    """The golden records of the example's own customers, by key."""
    lines = (EXAMPLES / example / "data" / "customers.jsonl").read_text("utf-8").splitlines()
    return {row.pop("customer"): row for row in map(json.loads, lines)}


def run_source(example: str, feed: str) -> RunSource:
    """The run source of a feed, as the project configures it."""
    made = project(example)
    connection = made.connections[made.feeds[feed].connection or ""]
    make = manifest(connection.connector).run_source
    assert make is not None
    folder = EXAMPLES / example
    return make(connection.settings, Surroundings(project_folder=folder, state_folder=folder / "var"))


def mapped_file(example: str, feed: str, path: Path) -> Iterator[Mapped]:
    """Every record of a run's file, read and mapped."""
    made = project(example)
    mapping = made.mappings[made.feeds[feed].mapping].on(ISSUED_AT.date())
    for record in run_source(example, feed).read(path, source=feed, event_type=made.feeds[feed].event):
        assert not isinstance(record, BadRecord), record.reason
        yield mapping.apply(record.data)


def mapped_events(example: str) -> Iterator[tuple[str, Mapped]]:
    """Every event of the example, with its type."""
    made = project(example)
    for event in json.loads((EXAMPLES / example / "data" / "events.json").read_text("utf-8")):
        feed = made.feed_of(event["type"])
        assert feed is not None
        yield event["type"], made.mappings[feed.mapping].on(ISSUED_AT.date()).apply(event["data"])


def piece(
    example: str,
    name: str,
    mapped: Mapped,
    *,
    language: str | None = None,
    customer: Mapping[str, Any] | None = None,
) -> Piece:
    """One communication of this data, for the customer that it names, in the customer's or another language."""
    made = project(example)
    kind = made.communications[name]
    known = customers(example).get(mapped.customer_key, {}) if customer is None else customer
    fields = {**known, **mapped.customer_fields, **({"language": language} if language else {})}
    communication_id = uuid5(_FAMILY, json.dumps([name, mapped.customer_key, mapped.data, fields], sort_keys=True))
    presentation = present(
        made,
        kind,
        communication_id=communication_id,
        issued_at=ISSUED_AT,
        customer=Customer(customer_key=mapped.customer_key, fields=fields, provenance={}),
        data=mapped.data,
    )
    order = Order(
        communication_id=communication_id,
        template=kind.template.name,
        kinds=frozenset(kinds_of(example, kind.template.name)),
        language=presentation.language,
        data=presentation.data,
        issued_at=ISSUED_AT,
    )
    return Piece(example=example, kind=kind, presentation=presentation, order=order)


def kinds_of(example: str, template: str) -> Iterator[RenditionKind]:
    """The renditions that a template folder can make."""
    for kind, file in (
        (RenditionKind.LETTER, "letter.typ"),
        (RenditionKind.EMAIL, "e-mail.mjml"),
        (RenditionKind.SMS, "sms.txt"),
    ):
        if template_file(example, f"{template}/{file}").is_file():
            yield kind


async def composed(example: str, pieces: Sequence[Piece], state_folder: Path) -> list[Composition | ConnectorError]:
    """The documents of these pieces, by the composer that the product uses."""
    surroundings = Surroundings(project_folder=EXAMPLES / example, state_folder=state_folder)
    async with EmbeddedComposer(EmbeddedSettings(), surroundings) as composer:
        return list(await composer.compose([one.order for one in pieces]))
