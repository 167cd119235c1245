import re
from pathlib import Path

import pytest

from tests.examples.workshop import (
    EXAMPLES,
    NAMES,
    mapped_events,
    mapped_file,
    piece,
    project,
    run_source,
    template_file,
)
from xconnector.contract.source import confirm_totals
from xconnector.project.create import create_project, example_names
from xconnector.project.load import load_project
from xconnector.project.testing import run_tests

RUN_FILES = [
    ("insurer", "annual_statements", "annual_statements.csv", 20),
    ("insurer", "ubl_invoices", "ubl_invoice.xml", 1),
    ("insurer", "ubl_invoice_batches", "ubl_invoices.xml", 20),
    ("insurer", "fhir_claims", "fhir_claim.json", 1),
    ("insurer", "fhir_claims_bulk", "fhir_claims.ndjson", 20),
    ("insurer", "fhir_patients", "fhir_patient.json", 1),
    ("bank", "account_statements", "account_statements.jsonl", 20),
    ("utility", "energy_bills", "energy_bills.jsonl", 20),
    ("utility", "ubl_invoices", "ubl_invoice.xml", 1),
]
# WCAG 2.2, 1.4.3, level AA.
LEAST_CONTRAST = 4.5
READ_ON = {
    "insurer": {"white": ("ink", "night", "coral", "muted"), "mist": ("ink", "night", "muted")},
    "bank": {"white": ("ink", "forest", "brass", "muted"), "paper": ("ink", "forest"), "forest": ("white", "gold")},
    "utility": {"white": ("ink", "indigo", "muted"), "haze": ("ink", "indigo", "muted"), "indigo": ("white", "sun")},
}


def test_every_example_can_be_made() -> None:
    assert sorted(NAMES) == sorted(example_names())


@pytest.mark.parametrize("example", NAMES)
def test_a_project_made_of_an_example_loads(example: str, tmp_path: Path) -> None:
    create_project(tmp_path / "made", example)
    assert load_project(tmp_path / "made", {}).communications


@pytest.mark.parametrize("example", NAMES)
def test_the_example_passes_its_own_tests(example: str) -> None:
    results = run_tests(project(example))
    assert len(results) >= 4
    assert not [(result.name, result.differences) for result in results if not result.passed]


@pytest.mark.parametrize("example, feed, file, records", RUN_FILES)
def test_a_run_file_holds_what_it_declares(example: str, feed: str, file: str, records: int) -> None:
    path = EXAMPLES / example / "data" / file
    source = run_source(example, feed)
    counted = source.totals(path)
    assert counted.records == records
    declared = source.declared(path)
    if declared is not None:
        confirm_totals(path, declared, counted)
    else:
        assert records == 1


@pytest.mark.parametrize("example, feed, file, records", RUN_FILES)
def test_every_record_of_a_run_file_can_be_presented(example: str, feed: str, file: str, records: int) -> None:
    made = project(example)
    event = made.feeds[feed].event
    wanted = [name for name, kind in made.communications.items() if kind.event == event]
    mapped = list(mapped_file(example, feed, EXAMPLES / example / "data" / file))
    assert len(mapped) == records
    for name in wanted:
        for one in mapped:
            assert piece(example, name, one).presentation.address_lines


@pytest.mark.parametrize("example", NAMES)
def test_every_event_can_be_presented_and_every_communication_has_data(example: str) -> None:
    made = project(example)
    by_run = {made.feeds[feed].event for name, feed, _, _ in RUN_FILES if name == example}
    sent: set[str] = set()
    for event, mapped in mapped_events(example):
        for name, kind in made.communications.items():
            if kind.event == event:
                sent.add(name)
                assert piece(example, name, mapped).presentation.name
    assert sent | {name for name, kind in made.communications.items() if kind.event in by_run} == set(
        made.communications
    )


@pytest.mark.parametrize("piece_of_brand", ["din5008.typ", "charts.typ"])
def test_the_examples_share_one_sheet(piece_of_brand: str) -> None:
    texts = {template_file(example, f"_brand/{piece_of_brand}").read_text("utf-8") for example in NAMES}
    assert len(texts) == 1


@pytest.mark.parametrize(
    "example, ground, ink",
    [
        (example, ground, ink)
        for example, grounds in READ_ON.items()
        for ground, inks in grounds.items()
        for ink in inks
    ],
)
def test_what_is_read_stands_out_from_its_ground(example: str, ground: str, ink: str) -> None:
    text = template_file(example, "_brand/brand.typ").read_text("utf-8")
    colours = {"white": "ffffff"} | dict(re.findall(r'#let (\w+) = rgb\("#([0-9a-f]{6})"\)', text))
    assert contrast(colours[ground], colours[ink]) >= LEAST_CONTRAST


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
