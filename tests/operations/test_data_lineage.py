from datetime import datetime, timedelta, timezone

import pytest

from tests.office import edit, notice
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.customer import CustomerRecord
from xconnector.operations.data_lineage import DataLineage, FieldOrigin, data_lineage
from xconnector.operations.explaining import UnknownCommunicationError
from xconnector.postgres.connect import transaction
from xconnector.store import customers

pytestmark = pytest.mark.asyncio(loop_scope="session")


def origin(told: DataLineage, name: str) -> FieldOrigin:
    return next(one for one in told.fields if one.name == name)


async def test_each_value_names_the_path_that_gave_it_and_who_said_it_of_the_customer(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        told = await data_lineage(opened.place.pool, "1")

    assert told.mapping == "notice"
    assert told.trouble is None
    assert origin(told, "data.amount").paths == ["amount"]
    assert origin(told, "data.number").value == "1"
    said_by = origin(told, "customer.email").said_by
    assert said_by is not None
    assert said_by.startswith("crm 2026-11-23")


async def test_the_time_of_who_said_it_is_told_in_utc(office: OpenOffice) -> None:
    at = datetime(2026, 11, 23, 23, 30, tzinfo=timezone(timedelta(hours=2)))
    said = CustomerRecord(customer_key="K-1", source="portal", as_of=at, fields={"mobile": "+49151"})
    async with office() as opened:
        async with transaction(opened.place.pool) as connection:
            await customers.remember(connection, [said], at)
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        told = await data_lineage(opened.place.pool, "1")

    assert origin(told, "customer.mobile").said_by == "portal 2026-11-23T21:30:00Z"


async def test_paths_are_told_by_the_mapping_of_that_day(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1"))
        await opened.work()
        edit(opened.folder, "mappings/notice.yaml", "amount: amount", "amount: sum.total")
    async with office() as opened:
        told = await data_lineage(opened.place.pool, "1")

    assert origin(told, "data.amount").paths == ["amount"]


async def test_of_what_was_ended_before_it_was_made_the_record_is_told(office: OpenOffice) -> None:
    once = {
        "communications/notice.yaml": [("{event: com.small.notice}", "{event: com.small.notice, once_per: amount}")]
    }
    async with office(once) as opened:
        await opened.send(notice("1"))
        await opened.work()
        await opened.send(notice("2"))
        await opened.work()
        told = await data_lineage(opened.place.pool, "2")

    assert (told.found.state, told.mapping, told.trouble) == ("suppressed", "notice", None)
    number = origin(told, "data.number")
    assert (number.value, number.paths) == ("2", ["number"])


async def test_what_is_unknown_is_told(office: OpenOffice) -> None:
    async with office() as opened:
        with pytest.raises(UnknownCommunicationError):
            await data_lineage(opened.place.pool, "nothing")
