import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.office import Office, edit, notice
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.strict_json import Json
from xconnector.operations.mapping_trial import Difference, Trial, try_mapping
from xconnector.project.mapping import RecordMapping
from xconnector.project.mapping_text import parse_mapping
from xconnector.project.yaml_file import YamlFile
from xconnector.store.recorded import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")


def candidate(office: Office, **fields: str) -> RecordMapping:
    """The project's mapping with some fields from elsewhere."""
    content = office.place.project.mappings["notice"].on(datetime.now(UTC).date()).content
    assert isinstance(content, dict)
    assert isinstance(content["fields"], dict)
    changed: Json = {**content, "fields": {**content["fields"], **fields}}
    found, wrong = parse_mapping("other", YamlFile(file="other.yaml", content=changed, lines={}))
    assert found is not None, wrong
    return found


async def tried(office: Office, mapping: RecordMapping, *, hours: int = -1) -> tuple[Trial, list[Difference]]:
    """Try a mapping on what came since so many hours from now."""
    project, trial = office.place.project, Trial()
    feed = project.feeds["notice_events"]
    window = Window(
        feed=feed.name,
        event_type=feed.event,
        since=datetime.now(UTC) + timedelta(hours=hours),
        until=datetime.now(UTC) + timedelta(hours=2),
    )
    found = [one async for one in try_mapping(office.place.pool, project, mapping, window, trial)]
    return trial, found


async def test_the_same_mapping_under_another_name_makes_the_same_of_every_record(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1"), notice("2"))
        trial, differences = await tried(opened, candidate(opened))

    assert (trial.records, trial.differing, differences) == (2, 0, [])
    assert trial.communications_now == trial.communications_then == {"notice": 2}


async def test_each_record_that_would_be_something_else_is_named_with_its_fields(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", other="9.00"), notice("2", other="12.50"))
        trial, differences = await tried(opened, candidate(opened, amount="other"))

    (difference,) = differences
    assert (difference.source_key, difference.fields) == ("1", ["amount"])
    assert (difference.now.values["amount"], difference.then.values["amount"]) == ("12.50", "9.00")
    assert trial.fields == {"amount": 1}


async def test_records_that_were_set_aside_are_tried_too(office: OpenOffice) -> None:
    async with office() as opened:
        bad = notice("1")
        await opened.send(replace(bad, data={**bad.data, "customer": None}))
        await opened.work()
        trial, (difference,) = await tried(opened, _with_customer(candidate(opened)))

    assert (trial.rejected_now, trial.rejected_then) == (1, 0)
    assert difference.now.error == "customer: customer is missing"
    assert difference.then.communications == ("notice",)


def _with_customer(mapping: RecordMapping) -> RecordMapping:
    assert isinstance(mapping.content, dict)
    content: Json = {**mapping.content, "customer": {"first": ["customer", "number"]}}
    found, wrong = parse_mapping("other", YamlFile(file="other.yaml", content=content, lines={}))
    assert found is not None, wrong
    return found


async def test_only_what_came_in_the_window_is_tried(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1"))
        trial, _ = await tried(opened, candidate(opened), hours=1)

    assert trial.records == 0


async def test_what_breaks_its_contract_is_set_aside_whatever_the_mapping(office: OpenOffice) -> None:
    schema = {"type": "object", "properties": {"amount": {"const": "1.00"}}, "additionalProperties": True}
    async with office() as opened:
        await opened.send(notice("1"))
        (opened.folder / "contracts").mkdir()
        (opened.folder / "contracts/notice.schema.json").write_text(json.dumps(schema), encoding="utf-8")
        kept = "com.small.notice, mapping: notice"
        edit(opened.folder, "xconnector.yaml", kept, f"{kept}, contract: notice")
    async with office() as opened:
        trial, _ = await tried(opened, candidate(opened))

    assert (trial.rejected_now, trial.rejected_then, trial.communications_then) == (1, 1, {})
