from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from tests.entrypoints.web.site import Site, cut_off, open_site
from tests.office import notice, open_office
from xconnector.domain.keys import Purpose
from xconnector.entrypoints.web.limits import WebLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A site whose project has made a communication."""

    site: Site
    communication_id: UUID

    async def decision(self, of: object = None, *, purpose: Purpose = Purpose.DECISIONS) -> httpx.Response:
        path = f"/communications/{of or self.communication_id}/decision"
        return await self.site.client.get(path, headers=self.site.bearing(purpose))


@pytest.fixture
async def told(tmp_path: Path, database: str) -> AsyncGenerator[Told]:
    async with open_office(tmp_path / "office", database) as office:
        await office.send(notice("4711", email="refuse-1@x.test"))
        await office.work()
        communication_id = (await office.explain("4711")).found.communication_id
    limits = WebLimits(database_patience=timedelta(seconds=2))
    async with open_site(tmp_path / "site", database, limits=limits) as site:
        yield Told(site=site, communication_id=communication_id)


async def test_a_decision_is_told_in_one_sentence_and_in_full_without_values_of_the_customer(told: Told) -> None:
    answer = await told.decision()
    said = answer.json()

    assert answer.status_code == 200
    assert said["communication_id"] == str(told.communication_id)
    assert said["why"].startswith("It goes to print because email did not reach the customer")
    assert said["why"].endswith("print is next in row R3 of routing.")
    (decision,) = said["decisions"]
    assert [hop["connection"] for hop in decision["hops"]] == ["email", "print"]
    assert decision["full"] == ["1. preference: email, print (row R3 of routing, Rule 3)"]
    assert [(step["table"], step["row"], step["cite"]) for step in decision["steps"]] == [("routing", "R3", "Rule 3")]
    assert "Meyer" not in answer.text
    assert "Hauptstr" not in answer.text
    assert "refuse-1" not in answer.text


async def test_what_is_not_there_is_not_told(told: Told) -> None:
    assert (await told.decision(uuid4())).status_code == 404
    assert (await told.decision("4711")).status_code == 422


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose is not Purpose.DECISIONS])
async def test_a_key_for_something_else_opens_no_decision(told: Told, purpose: Purpose) -> None:
    assert (await told.decision(purpose=purpose)).status_code == 401


async def test_without_a_key_nothing_is_told(told: Told) -> None:
    answer = await told.site.client.get(f"/communications/{told.communication_id}/decision")

    assert answer.status_code == 401
    assert "--purpose decisions" in answer.json()["detail"]


async def test_without_the_database_the_caller_is_told_to_come_again(told: Told, database: str) -> None:
    await cut_off(database)

    assert (await told.decision()).status_code == 503
