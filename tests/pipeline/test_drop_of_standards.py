"""Files of the standards arrive in a folder and become customers by the mappings that are shipped."""

import shutil
from importlib import resources
from pathlib import Path

import pytest

from tests.office import edit, write_office_project
from tests.pipeline.conftest import OpenOffice
from xconnector.operations.mapped_files import map_files
from xconnector.pipeline.drop import take_drop
from xconnector.postgres.connect import reading
from xconnector.store import customers, dropped_files

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAMPLES = Path(__file__).parents[1] / "mappings" / "samples"
_BUNDLE = "layout: list, list: entry, inside: resource"
STANDARDS = {
    "ubl_invoice": ("ubl_invoice.xml", "xml_file, element: Invoice, key: [ID]"),
    "cii_invoice": ("cii_invoice.xml", "xml_file, element: CrossIndustryInvoice, key: [ExchangedDocument.ID]"),
    "idoc_debmas": ("idoc_debmas.xml", "xml_file, element: IDOC, key: [EDI_DC40.DOCNUM]"),
    "acord_policy": ("acord_policy.xml", "xml_file, element: InsuranceSvcRq/*, key: [RqUID]"),
    "x12_834_member": ("x12_834_member.834", "x12_file"),
    "fhir_patient": ("fhir_bundle.json", f"jsonl_file, {_BUNDLE}, key: [id]"),
}
"""By shipped mapping: a file, and the connection that reads it."""


async def test_files_of_the_standards_become_customers(office: OpenOffice, tmp_path: Path) -> None:
    folder = write_office_project(tmp_path)
    for name, (_, reader) in STANDARDS.items():
        drop = f"  {name}_in: {{connector: folder_drop, folder: in/{name}, stable_for: 0s}}\n"
        edit(
            folder,
            "xconnector.yaml",
            "connections:\n",
            f"connections:\n{drop}  {name}_files: {{connector: {reader}}}\n",
        )
        feed = f"{{drop: {name}_in, connection: {name}_files, event: com.small.{name}, mapping: {name}}}"
        edit(folder, "xconnector.yaml", "feeds:\n", f"feeds:\n  {name}: {feed}\n")
        shipped = resources.files("xconnector") / "mappings" / f"{name}.yaml"
        (folder / "mappings" / f"{name}.yaml").write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    async with office() as opened:
        for name, (file, _) in STANDARDS.items():
            (folder / "in" / name).mkdir(parents=True)
            shutil.copy(SAMPLES / file, folder / "in" / name / file)
            await take_drop(opened.place, opened.place.project.feeds[name])
        await opened.work()

        rules, now = opened.place.project.survivorship, opened.place.now()
        for name, (file, _) in STANDARDS.items():
            told = [one for one in map_files([SAMPLES / file], None) if one.mapping == name and one.customer_fields]
            keys = [one.customer for one in told if one.customer is not None]
            async with reading(opened.place.pool) as connection:
                golden = await customers.golden_records(connection, keys, rules, at=now)
                (arrived,) = await dropped_files.latest(connection, name, 10)
            assert keys, name
            assert {*keys} == {*golden}, name
            assert all(customer.fields for customer in golden.values()), name
            assert (arrived.state, [path.name for path in (folder / "in" / name / "done").iterdir()]) == (
                "taken",
                [file],
            )
