"""`map`: what a mapping makes of real files, without a project and without a database."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from xconnector.entrypoints.cli import app

SAMPLES = Path(__file__).parents[1] / "mappings" / "samples"
KEYS = [
    *("file", "position", "format", "mapping", "key", "customer", "fields", "customer_fields"),
    *("verified", "deleted", "lineage", "error"),
]


def told(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["map", *map(str, arguments)])


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_record_is_a_line_of_json_with_the_same_keys() -> None:
    result = told(SAMPLES / "ubl_invoice.xml", SAMPLES / "csv_customer.csv", "--json")

    assert {tuple(line) for line in lines(result)} == {tuple(KEYS)}
    invoice, first, *_ = lines(result)
    assert invoice["file"] == str(SAMPLES / "ubl_invoice.xml")
    assert (invoice["format"], invoice["mapping"], invoice["position"]) == ("ubl", "ubl_invoice", 1)
    assert invoice["lineage"]["invoice_number"] == "ID"
    assert invoice["error"] is None
    assert (first["position"], first["customer"]) == (2, "1001")


def test_it_ends_with_0_where_all_records_were_mapped() -> None:
    assert told(SAMPLES / "ubl_invoice.xml", "--json").exit_code == 0


def test_it_ends_with_1_where_some_were_rejected() -> None:
    result = told(SAMPLES / "idoc_debmas.xml", "--json")

    assert result.exit_code == 1
    assert [(line["position"], line["error"]) for line in lines(result)] == [
        (1, None),
        (2, "mapping idoc_debmas: customer: E1KNA1M[0].KUNNR is missing"),
    ]


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "name at least one file"),
        (["absent.xml"], "there is no file absent.xml"),
        ([SAMPLES], "there is no file"),
        ([SAMPLES / "ubl_invoice.xml", "--with", "nobody"], "there is no mapping 'nobody'"),
    ],
)
def test_it_ends_with_2_where_the_use_is_wrong(arguments: list[str | Path], said: str) -> None:
    result = told(*arguments)

    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_a_mapping_may_be_named() -> None:
    [line] = lines(told(SAMPLES / "cii_invoice.xml", "--with", "cii_invoice", "--json"))

    assert (line["mapping"], line["error"]) == ("cii_invoice", None)


def test_people_see_each_value_with_its_path() -> None:
    result = told(SAMPLES / "idoc_debmas.xml")

    assert "  customer.region: HH  <- E1KNA1M[0].REGIO" in result.stdout
    assert "  REJECTED mapping idoc_debmas" in result.stdout
    assert "1 records mapped, 1 rejected" in result.stderr


def test_what_is_shipped_is_listed() -> None:
    listed = json.loads(told("--list", "--json").stdout)

    assert "x12_835_claim" in {one["name"] for one in listed["mappings"]}
    assert {one["format"] for one in listed["mappings"]} <= {one["name"] for one in listed["formats"]}
    assert "ubl_invoice (ubl): UBL invoices" in told("--list").stdout


def test_numbers_of_any_size_are_shown(tmp_path: Path) -> None:
    (tmp_path / "big.json").write_text('{"id": 1, "n": 123456789012345678901234567890}\n', encoding="utf-8")

    [line] = lines(told(tmp_path / "big.json", "--json"))

    assert line["fields"]["columns"]["n"] == 123456789012345678901234567890


def test_neither_database_nor_web_is_loaded_for_it() -> None:
    start = (
        "import sys; from xconnector.entrypoints.cli import app\n"
        f"app(['map', {str(SAMPLES / 'fhir_bundle.json')!r}, '--json'], standalone_mode=False)\n"
        "print([name for name in ('psycopg', 'fastapi', 'typst', 'httpx', 'procrastinate') if name in sys.modules])"
    )

    made = subprocess.run([sys.executable, "-c", start], check=True, capture_output=True, text=True)

    assert made.stdout.splitlines()[-1] == "[]"
