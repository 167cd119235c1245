import asyncio
from pathlib import Path

import msgspec
import pytest

from tests.office import notice
from tests.pipeline.conftest import OpenOffice
from xconnector.contract.errors import PermanentError
from xconnector.contract.source import ControlTotalsMismatchError
from xconnector.domain.communication import State
from xconnector.domain.event import RecordFate
from xconnector.operations.failures import Choice, open_failures
from xconnector.operations.status import status
from xconnector.pipeline.receive import receive_run
from xconnector.testing.small_project import HEAD, row, write_run

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_same_event_twice_makes_one_communication(office: OpenOffice) -> None:
    async with office() as opened:
        first, again = await opened.send(notice("1"), notice("1"))
        (later,) = await opened.send(notice("1"))
        account = await opened.work()

    assert [first.fate, again.fate, later.fate] == ["taken", "repeated", "repeated"]
    assert account.states == {State.COMPLETED: 1}
    assert account.reconciliation.came_in == 3
    assert account.reconciliation.standings["suppressed"] == 2  # type: ignore[index]
    assert account.closes


async def test_the_same_key_with_other_content_is_refused_with_both_digests(office: OpenOffice) -> None:
    async with office() as opened:
        (first,) = await opened.send(notice("1", amount="10.00"))
        (second,) = await opened.send(notice("1", amount="99.00"))
        account = await opened.work()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert second.fate is RecordFate.REFUSED
    assert second.earlier_sha256 == first.sha256 != second.sha256
    assert first.sha256 in failure.reason
    assert second.sha256 in failure.reason
    assert "key of its own" in failure.reason
    assert account.closes
    assert account.reconciliation.standings["failed"] == 1  # type: ignore[index]


async def test_a_run_whose_totals_do_not_match_makes_nothing(office: OpenOffice) -> None:
    async with office() as opened:
        file = write_run(opened.folder / "run.csv", [row("1"), row("2")], declared=3, total="99.00")
        with pytest.raises(ControlTotalsMismatchError) as refused:
            await receive_run(opened.place, opened.place.project.feeds["notice_runs"], file)
        found = await status(opened.place.pool)

    assert "3 records declared, 2 read" in str(refused.value)
    assert "sum of amount declared 99.00, read 25.00" in str(refused.value)
    assert found.runs == []
    assert found.counts == []


async def test_the_same_file_again_is_all_repeated_and_closes(office: OpenOffice) -> None:
    rows = [row("1"), row("2", email="b@x.test"), row("3", preference="nothing")]
    async with office() as opened:
        await opened.run(rows)
        again = await opened.run(rows)
        await opened.work()
        account = await opened.account(again)
        everything = await opened.account()

    assert account.records["repeated"] == 3
    assert account.reconciliation.standings["suppressed"] == 3  # type: ignore[index]
    assert account.closes
    assert everything.states == {State.COMPLETED: 2, State.SUPPRESSED: 1}
    assert everything.closes


async def test_two_runs_of_one_feed_may_begin_in_the_same_second(office: OpenOffice) -> None:
    async with office() as opened:
        names = {(await opened.run([row(str(number))], name=f"{number}.csv")).name for number in range(5)}

    assert len(names) == 5


class _InterruptedError(Exception):
    pass


async def test_an_interrupted_intake_is_taken_up_where_it_stopped(office: OpenOffice) -> None:
    rows = [row(str(number)) for number in range(10)]

    def interrupt(done: int, _total: int) -> None:
        if done >= 4:
            raise _InterruptedError

    async with office() as opened:
        feed = opened.place.project.feeds["notice_runs"]
        file = write_run(opened.folder / "run.csv", rows)
        with pytest.raises(_InterruptedError):
            await receive_run(opened.place, feed, file, batch_size=2, progress=interrupt)
        run = await receive_run(opened.place, feed, file, batch_size=3)
        await opened.work()
        account = await opened.account(run)
        runs = (await status(opened.place.pool)).runs

    assert [found.name for found in runs] == [run.name]
    assert account.records["taken"] == 10
    assert account.records["repeated"] == 0
    assert account.reconciliation.declared == account.reconciliation.records_read == 10
    assert account.closes


async def test_two_programs_with_one_file_do_not_share_its_run(office: OpenOffice) -> None:
    async with office() as opened:
        feed = opened.place.project.feeds["notice_runs"]
        file = write_run(opened.folder / "run.csv", [row(str(number)) for number in range(4)])
        both = await asyncio.gather(*(receive_run(opened.place, feed, file, batch_size=1) for _ in range(2)))
        accounts = [await opened.account(run) for run in both]

    assert sorted(account.records["taken"] for account in accounts) == [0, 4]
    assert sorted(account.records["repeated"] for account in accounts) == [0, 4]
    assert all(account.closes for account in accounts)


async def test_a_record_without_its_key_is_set_aside_with_its_bytes_while_the_rest_passes(office: OpenOffice) -> None:
    async with office() as opened:
        run = await opened.run([row("1"), row("").replace("K-", "K-0"), row("3")])
        await opened.work()
        account = await opened.account(run)
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert account.states == {State.COMPLETED: 2}
    assert account.records["set_aside"] == 1
    assert "number" in failure.reason
    assert failure.position == 3
    assert account.closes


async def test_a_key_twice_in_one_file_is_taken_once(office: OpenOffice) -> None:
    async with office() as opened:
        run = await opened.run([row("1"), row("1"), row("1", amount="3.00")], batch_size=2)
        await opened.work()
        account = await opened.account(run)

    assert account.records == {
        "taken": 1, "repeated": 1, "refused": 1, "set_aside": 0, "asked_for_none": 0, "unasked": 0,
    }  # fmt: skip
    assert account.closes


@pytest.mark.parametrize(
    "content, told",
    [
        ("number;customer\n1;K-1\n", "column number, amount is missing"),
        (HEAD.replace("amount,", "") + "\n", "column amount is missing"),
        (HEAD + "\n" + row("1").replace("Meyer", "Müller") + "\n", "byte 90 of the file is not utf-8"),
    ],
)
async def test_a_file_with_wrong_columns_or_encoding_is_told_and_makes_nothing(
    office: OpenOffice, content: str, told: str
) -> None:
    async with office() as opened:
        file = opened.folder / "run.csv"
        file.write_bytes(content.encode("latin-1"))
        _declare(file, records=1, amount="12.50")
        try:
            await receive_run(opened.place, opened.place.project.feeds["notice_runs"], file)
            await opened.work()
            (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)
            words = failure.reason
        except (PermanentError, ControlTotalsMismatchError) as error:
            words = str(error)
        account = await opened.account()

    assert told in words
    assert "Müller" not in words
    assert account.reconciliation.difference == 0
    assert State.COMPLETED not in account.states


def _declare(file: Path, **totals: object) -> None:
    control = {"records": totals["records"], "sums": {"amount": totals["amount"]}}
    file.with_name(file.name + ".control.json").write_bytes(msgspec.json.encode(control))
