from decimal import Decimal

import pytest

from tests.office import edit, notice, open_place
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.domain.event import SourceRecord
from xconnector.operations.failures import Choice, failure_groups, open_failures, reprocess
from xconnector.testing.small_project import row

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_record_without_a_field_of_the_contract_fails_by_name_while_the_batch_passes(
    office: OpenOffice,
) -> None:
    async with office() as opened:
        await opened.send(notice("1"), notice("2", amount=None), notice("3", amount="a lot"), notice("4"))
        account = await opened.work()
        failed = {row.source_key: row for row in await open_failures(opened.place.pool, Choice(), limit=10)}

    assert account.states == {State.COMPLETED: 2, State.FAILED: 2}
    assert set(failed) == {"2", "3"}
    assert all(row.stage == "assemble" and row.kind == "input" and "amount" in row.reason for row in failed.values())
    assert "a lot" not in failed["3"].reason
    assert account.closes


async def test_a_record_that_does_not_fit_its_mapping_is_set_aside_and_taken_again_after_mending(
    office: OpenOffice,
) -> None:
    changes = {"mappings/notice.yaml": [("  number: number\n", "  number: {path: nummer, required: true}\n")]}
    async with office(changes) as opened:
        await opened.send(notice("1"), notice("2"))
        account = await opened.work()
        (group,) = await failure_groups(opened.place.pool, run=None)

        assert account.records["set_aside"] == 2
        assert account.closes
        assert (group.number, group.stage, group.kind) == (2, "trigger", "input")
        assert "nummer" in group.example

        edit(opened.folder, "mappings/notice.yaml", "{path: nummer, required: true}", "number")
        async with open_place(opened.folder, opened.database, opened.relay.port) as mended:
            opened.place = mended
            done = await reprocess(mended.pool, mended.jobs, Choice(), actor="ops", reason="mapping mended")
            account = await opened.work()
            left = await open_failures(mended.pool, Choice(), limit=10)

    assert (done.started, done.left) == (2, 0)
    assert account.states == {State.COMPLETED: 2}
    assert account.closes
    assert left == []


async def test_an_event_that_no_feed_takes_is_set_aside_with_the_remedy(office: OpenOffice) -> None:
    strange = notice("1")
    strange = SourceRecord(
        source="crm",
        source_key="1",
        event_type="com.small.unheard",
        occurred_at=None,
        payload=strange.payload,
        data=strange.data,
    )
    async with office() as opened:
        await opened.send(strange, notice("2"))
        account = await opened.work()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert account.states == {State.COMPLETED: 1}
    assert account.closes
    assert "com.small.unheard" in failure.reason
    assert "xconnector.yaml" in failure.reason


async def test_a_communication_that_no_row_of_its_table_fits_fails_and_is_decided_after_mending(
    office: OpenOffice,
) -> None:
    async with office() as opened:
        await opened.send(notice("1", amount="700.00"), notice("2"))
        account = await opened.work()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

        assert account.states == {State.COMPLETED: 1, State.FAILED: 1}
        assert (failure.stage, failure.kind) == ("decide", "project")
        assert "routing" in failure.reason
        assert "700" not in failure.reason

        edit(opened.folder, "tables/routing.md", "<= 500 ", "<= 900 ")
        async with open_place(opened.folder, opened.database, opened.relay.port) as mended:
            opened.place = mended
            await reprocess(mended.pool, mended.jobs, Choice(), actor="ops", reason="row R4 goes to 900")
            account = await opened.work()
            story = await opened.story_of("1")

    assert account.states == {State.COMPLETED: 2}
    assert account.closes
    assert story[:6] == ["received", "triggered", "failed", "reprocessed", "triggered", "decided"]


async def test_a_suppression_keeps_its_reason_and_row(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", preference="nothing"))
        account = await opened.work()
        found = await opened.explain("1")

    assert account.states == {State.SUPPRESSED: 1}
    decision = (found.history[-1].detail or {})["decision"]
    assert (decision["suppressed"], decision["row"], decision["cite"]) == ("opt-out", "R1", "Rule 1")
    # What the tables saw is customer content: it is kept beside the ledger, where it can be erased.
    assert "nothing" not in str(found.history)
    assert found.renditions == []


async def test_the_decision_is_explained_by_row_inputs_and_sources(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", email="a@x.test"))
        await opened.work()
        found = await opened.explain("1")

    detail = next(entry.detail for entry in found.history if entry.event == "decided") or {}
    assert detail["decision"]["route"] == ["email", "print"]
    assert detail["decision"]["row"] == "R3"
    assert len(detail["decision"]["sha256"]) == 64
    assert detail["customer"]["email"].startswith("crm 2026-11-23")


async def test_values_of_another_kind_than_expected_stop_nobody(office: OpenOffice) -> None:
    strange = notice("1", email=17, mobile=4917012345678, postcode=10115)
    async with office() as opened:
        await opened.send(notice("0", email="a@x.test"), strange, notice("2", email="b@x.test"))
        account = await opened.work()
        found = await opened.explain("1")

    assert account.states == {State.COMPLETED: 3}
    assert opened.mails_to("a@x.test") == opened.mails_to("b@x.test") == 1
    assert found.handovers[-1].connection == "print"


async def test_amounts_are_taken_exactly(office: OpenOffice) -> None:
    async with office() as opened:
        run = await opened.run([row("1", amount="0.10"), row("2", amount="123.45")])
        await opened.work()
        found = await opened.explain("2")

    assert run.declared == 2
    assert found.assembly is not None
    assert str(Decimal("123.45")) in found.assembly.data
