import asyncio
import fcntl
import os
import resource
import signal
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from tests.connectors.exstream.engine.shop import (
    Shop,
    key_of,
    open_shop,
    orders_of,
    outcome_of,
    results_of,
    stream_of,
    submission_of,
)
from tests.connectors.exstream_engine.stand_in import TEMPLATE
from xconnector.connectors.exstream.engine.composer import EngineComposer
from xconnector.connectors.exstream.engine.work_folder import WorkFolder
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import MisconfiguredError, PermanentError, TransientError
from xconnector.contract.submission import ComposesSubmissions, Repeat, SubmissionOutcome, Underway
from xconnector.testing.orders import with_data

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path)


async def run(
    composer: EngineComposer, key: str, orders: Sequence[Order], repeats: Repeat | None = None
) -> tuple[SubmissionOutcome, dict[str, str]]:
    """Submit, and look until it has ended; return the outcome and what the ledger keeps of the receipt."""
    submission = submission_of(key, orders, repeats)
    receipt = await composer.submit(submission, stream_of(orders))
    return await outcome_of(composer, submission, receipt.reference), dict(receipt.detail)


async def test_a_run_gives_its_results_by_key(shop: Shop) -> None:
    orders = orders_of(range(1, 31))
    composer = shop.composer()

    outcome, receipt = await run(composer, "run-1", orders)
    results = await results_of(outcome)

    assert set(results) == {composer.admit(order) for order in orders}
    assert all(isinstance(result, Composition) for result in results.values())
    assert receipt["customers"] == "30"
    assert outcome.detail["return_code"] == "0"
    assert outcome.detail["customers"] == "30"


async def test_runs_give_the_bytes_that_awaited_orders_get(shop: Shop) -> None:
    (awaited,) = await shop.composer().compose(orders_of([1]))

    outcome, _ = await run(shop.composer(), "run-1", orders_of([1]))

    assert await results_of(outcome) == {key_of(1): awaited}


async def test_skipped_customers_are_left_out_with_the_ids_of_the_messages(shop: Shop) -> None:
    outcome, _ = await run(shop.composer({"skip_keys": [key_of(2)]}), "run-1", orders_of([1, 2, 3]))

    assert set(await results_of(outcome)) == {key_of(1), key_of(3)}
    assert isinstance(outcome.left_out, PermanentError)
    assert "EX003004W" in str(outcome.left_out)
    assert outcome.detail["return_code"] == "4"


async def test_what_was_skipped_is_composed_again_from_the_same_driver(shop: Shop) -> None:
    orders = orders_of(range(1, 8))
    composer = shop.composer({"skip_keys": [key_of(2), key_of(5)]})
    await run(composer, "first", orders)

    outcome, receipt = await run(
        composer, "second", [orders[4], orders[1]], Repeat(submission_key="first", positions=(5, 2))
    )

    assert set(await results_of(outcome)) == {key_of(2), key_of(5)}
    assert receipt["customers_of"] == "first"
    assert not (shop.runs / "second" / "driver").exists()


@pytest.mark.parametrize("numbers", ["of_driver", "of_run"])
async def test_positions_of_a_targeted_run_are_those_of_its_own_orders(tmp_path: Path, numbers: str) -> None:
    shop = open_shop(tmp_path, key={"name": "number"})
    orders = orders_of(range(1, 6))
    composer = shop.composer(customer_list_numbers=numbers)
    first, _ = await run(composer, "first", orders)
    whole = await results_of(first)
    if numbers == "of_run":
        renumber(shop)

    again, _ = await run(composer, "second", [orders[4], orders[1]], Repeat(submission_key="first", positions=(5, 2)))
    third, receipt = await run(composer, "third", [orders[1]], Repeat(submission_key="second", positions=(2,)))

    assert await results_of(again) == {1: whole[5], 2: whole[2]}
    assert await results_of(third) == {1: whole[2]}
    assert receipt["customers_of"] == "first"


async def test_a_result_of_nobody_in_a_targeted_run_is_given_as_nobodys(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, key={"name": "number"})
    orders = orders_of(range(1, 6))
    composer = shop.composer(customer_list_numbers="of_driver")
    await run(composer, "first", orders)
    renumber(shop)

    again, _ = await run(composer, "second", [orders[4], orders[1]], Repeat(submission_key="first", positions=(5, 2)))

    assert set(await results_of(again)) == {2, -1}, "number 2 is taken for that of the driver, and 1 is none of ours"


def renumber(shop: Shop) -> None:
    """Let the engine count anew the customers of a targeted run."""
    program = shop.installation.program.read_text("utf-8").removeprefix("#!/bin/sh\n").replace("exec ", "")
    anew = r's/number="2"/number="1"/; s/number="5"/number="2"/; s/UTF-16/UTF-8/'
    shop.becomes(
        f"{program}\niconv -f UTF-16 -t UTF-8 delivery.xml | sed '{anew}' > renumbered && mv renumbered delivery.xml"
    )


async def test_a_customer_whose_data_changed_goes_in_a_driver_of_its_own(shop: Shop) -> None:
    orders = orders_of([1, 2])
    composer = shop.composer({"skip_keys": [key_of(2)], "skip_always": False})
    await run(composer, "first", orders)

    _, receipt = await run(
        composer, "second", [with_data(orders[1], policy_number="P-9")], Repeat(submission_key="first", positions=(2,))
    )

    assert "customers_of" not in receipt


async def test_without_the_earlier_driver_a_new_one_is_written(shop: Shop) -> None:
    composer = shop.composer()

    outcome, receipt = await run(composer, "second", orders_of([2]), Repeat(submission_key="gone", positions=(2,)))

    assert set(await results_of(outcome)) == {key_of(2)}
    assert "customers_of" not in receipt


async def test_a_list_that_grows_too_long_is_not_used(shop: Shop) -> None:
    composer = shop.composer(longest_customer_list=0)
    await run(composer, "first", orders_of([1, 2]))

    _, receipt = await run(composer, "second", orders_of([2]), Repeat(submission_key="first", positions=(2,)))

    assert "customers_of" not in receipt


async def test_a_submission_is_begun_once_whoever_hands_it_over(shop: Shop) -> None:
    program = shop.installation.program.read_text("utf-8").removeprefix("#!/bin/sh\n")
    shop.becomes(f"echo started >> {shop.folder}/starts\n{program}")
    orders = orders_of([1])
    submission = submission_of("run-1", orders)

    assert await shop.composer().find(submission) is None
    first = await shop.composer().submit(submission, stream_of(orders))
    again = await shop.composer().submit(submission, stream_of(orders))
    found = await shop.composer().find(submission)
    await outcome_of(shop.composer(), submission, first.reference)
    await shop.composer().submit(submission, stream_of(orders))

    assert first == again == found
    assert (shop.folder / "starts").read_text("utf-8").splitlines() == ["started"]


async def test_a_look_while_the_engine_is_at_work_says_so(shop: Shop) -> None:
    composer = shop.composer({"seconds": 1})
    submission = submission_of("run-1", orders_of([1]))
    receipt = await composer.submit(submission, stream_of(orders_of([1])))

    assert isinstance(await composer.look(submission, receipt.reference), Underway)
    assert await results_of(await outcome_of(composer, submission, receipt.reference))


async def test_a_run_that_failed_as_a_whole_made_nothing(shop: Shop) -> None:
    with pytest.raises(PermanentError, match="return code 12"):
        await run(shop.composer({"return_code": 12}), "run-1", orders_of([1]))


async def test_a_run_of_several_that_failed_says_how_one_customer_cannot_stop_the_others(shop: Shop) -> None:
    with pytest.raises(PermanentError, match=r"stopped all 2.*MSG=3004,E,3,10.*orders_per_submission"):
        await run(shop.composer({"return_code": 12}), "run-1", orders_of([1, 2]))


async def test_a_run_that_takes_too_long_is_ended(shop: Shop) -> None:
    with pytest.raises(PermanentError, match="longest_run"):
        await run(shop.composer({"seconds": 60}, longest_run="500ms"), "run-1", orders_of([1]))


async def test_a_run_that_is_always_killed_is_given_up_and_can_be_composed_again(shop: Shop) -> None:
    outcome, _ = await run(shop.composer({"killed": True}, attempts=2), "run-1", orders_of([1]))

    assert isinstance(outcome.left_out, TransientError)
    assert "2 times" in str(outcome.left_out)
    assert await results_of(outcome) == {}


async def test_without_its_engine_nothing_begins(shop: Shop) -> None:
    shop.installation.program.unlink()
    submission = submission_of("run-1", orders_of([1]))

    with pytest.raises(MisconfiguredError):
        await shop.composer().submit(submission, stream_of(orders_of([1])))

    assert await shop.composer().find(submission) is None


async def test_an_engine_that_could_not_be_started_is_begun_again_once_it_is_mended(shop: Shop) -> None:
    mended = shop.installation.program.read_text("utf-8")
    shop.installation.program.write_bytes(b"\x7fELF of another machine")
    with pytest.raises(MisconfiguredError):
        await run(shop.composer(), "run-1", orders_of([1]))

    shop.installation.program.write_text(mended, "utf-8")
    outcome = await outcome_of(shop.composer(), submission_of("run-1", orders_of([1])), "")

    assert set(await results_of(outcome)) == {key_of(1)}


async def test_a_run_whose_folder_is_gone_can_be_composed_again(shop: Shop) -> None:
    composer = shop.composer()
    submission = submission_of("run-1", orders_of([1]))
    await run(composer, "another", orders_of([1]))
    receipt = await composer.submit(submission_of("run-2", orders_of([1])), stream_of(orders_of([1])))

    with pytest.raises(PermanentError, match="gone"):
        await composer.look(submission, receipt.reference)
    with pytest.raises(TransientError, match="share `work_folder`"):
        await composer.look(submission, "another-host")


@pytest.mark.parametrize("key", ["../run", "/etc/run", "a/b", "", ".", "..", "awaited-1", "a\0"])
async def test_a_submission_key_is_no_path(shop: Shop, key: str) -> None:
    with pytest.raises(PermanentError):
        await shop.composer().submit(submission_of(key, orders_of([1])), stream_of(orders_of([1])))


async def test_a_worker_that_is_killed_leaves_its_run_to_another_one(shop: Shop) -> None:
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WORKER, str(shop.folder), start_new_session=True, stdout=asyncio.subprocess.PIPE
    )
    assert worker.stdout is not None
    reference = (await worker.stdout.readline()).decode().strip()

    os.killpg(worker.pid, signal.SIGKILL)
    await worker.wait()
    outcome = await outcome_of(shop.composer(), submission_of("run-1", orders_of([1, 2])), reference)

    assert set(await results_of(outcome)) == {key_of(1), key_of(2)}
    assert not (shop.runs / "run-1" / "attempt-2").exists()


_WORKER = """
import asyncio, sys, time
from pathlib import Path
from tests.connectors.exstream.engine.shop import open_shop, orders_of, stream_of, submission_of

async def main():
    composer = open_shop(Path(sys.argv[1])).composer({"seconds": 1})
    receipt = await composer.submit(submission_of("run-1", orders_of([1, 2])), stream_of(orders_of([1, 2])))
    print(receipt.reference, flush=True)
    time.sleep(60)

asyncio.run(main())
"""


async def test_a_run_that_lost_its_wrapper_is_begun_again(shop: Shop) -> None:
    slow, quick = shop.composer({"seconds": 30}), shop.composer(key="hush")
    submission = submission_of("run-1", orders_of([1]))
    receipt = await slow.submit(submission, stream_of(orders_of([1])))

    wrapper, engine = await _wrapper_of(shop)
    wrapper.kill()
    psutil.wait_procs([wrapper, engine], timeout=10)
    outcome = await outcome_of(quick, submission, receipt.reference)

    assert not engine.is_running() or engine.status() == psutil.STATUS_ZOMBIE
    assert set(await results_of(outcome)) == {key_of(1)}
    assert (shop.runs / "run-1" / "attempt-2").exists()
    assert list(shop.runs.rglob("job.opt")) == []


async def _wrapper_of(shop: Shop) -> tuple[psutil.Process, psutil.Process]:
    """Return the wrapper of the one run and its engine, once that is there."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for process in psutil.process_iter(["cmdline"]):
            line: list[str] = process.info["cmdline"] or []
            if any("wrapper.py" in part for part in line) and any(str(shop.runs) in part for part in line):
                children = process.children()
                if children:
                    return process, children[0]
        await asyncio.sleep(0.05)
    raise AssertionError("there is no wrapper")


async def test_folders_are_kept_for_a_while_and_then_removed(shop: Shop) -> None:
    composer = shop.composer()
    await run(composer, "old", orders_of([1]))
    await run(composer, "young", orders_of([2]))
    long_ago = (datetime.now(UTC) - timedelta(days=8)).timestamp()
    os.utime(shop.runs / "old", (long_ago, long_ago))

    async with shop.composer() as opened:
        assert (shop.runs / "old").exists(), "nothing is cleared up where it is opened"
        await run(opened, "new", orders_of([3]))

    assert sorted(folder.name for folder in shop.runs.iterdir()) == ["new", "young"]


async def test_who_waits_for_a_run_clears_up_too(shop: Shop) -> None:
    await run(shop.composer(), "old", orders_of([1]))
    await _is_let_go(shop.runs / "old")
    long_ago = (datetime.now(UTC) - timedelta(days=8)).timestamp()
    os.utime(shop.runs / "old", (long_ago, long_ago))

    await shop.composer().compose(orders_of([2]))

    assert list(shop.runs.iterdir()) == []


async def _is_let_go(run_folder: Path) -> None:
    """Wait until the process around a run is gone: it writes the return code while it still lives."""
    with (run_folder / "alive").open("rb") as alive:
        await asyncio.to_thread(fcntl.flock, alive, fcntl.LOCK_EX)


def test_a_work_folder_that_cannot_be_listed_is_told_in_words(shop: Shop) -> None:
    work = WorkFolder(shop.runs, keep_for=timedelta(days=1), is_ours_to_make=False)

    with _no_file_can_be_opened(), pytest.raises(TransientError, match="cannot be used"):
        work.sweep(datetime.now(UTC))


@contextmanager
def _no_file_can_be_opened() -> Generator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_the_folder_of_a_live_run_is_never_removed(shop: Shop) -> None:
    composer = shop.composer({"seconds": 1}, keep_for="0s")
    submission = submission_of("run-1", orders_of([1]))
    receipt = await composer.submit(submission, stream_of(orders_of([1])))

    await shop.composer(keep_for="0s").compose(orders_of([2]))
    found = await composer.look(submission, receipt.reference)

    assert isinstance(found, Underway)
    await outcome_of(composer, submission, receipt.reference)


async def test_nothing_of_a_run_is_open_to_others_and_its_control_file_is_gone(shop: Shop) -> None:
    outcome, _ = await run(shop.composer(key="hush"), "run-1", orders_of([1]))
    await results_of(outcome)

    left = [shop.runs, *shop.runs.rglob("*")]

    assert [path for path in left if path.stat().st_mode & 0o077] == []
    assert list(shop.runs.rglob("job.opt")) == []
    assert [path for path in left if path.is_file() and b"hush" in path.read_bytes()] == []


async def test_runs_are_submitted_and_events_are_not_unless_they_are_asked_to(shop: Shop) -> None:
    composer: object = shop.composer()
    assert isinstance(composer, ComposesSubmissions)

    assert composer.submits(TEMPLATE, of_run=True)
    assert not composer.submits(TEMPLATE, of_run=False)
    assert shop.composer(submits_events=True).submits(TEMPLATE, of_run=False)
    assert not shop.composer(submits_runs=False).submits(TEMPLATE, of_run=True)


async def test_an_order_without_its_key_is_not_admitted(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, key={"name": "Account", "path": "data.account"})

    with pytest.raises(PermanentError, match=r"data\.account"):
        shop.composer().admit(orders_of([1])[0])


async def test_a_design_without_a_package_admits_nothing(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    shop.design = {**shop.design, "package": None}

    with pytest.raises(PermanentError, match="package"):
        shop.composer().admit(orders_of([1])[0])
