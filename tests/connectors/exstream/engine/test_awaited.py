import asyncio
import stat
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.connectors.exstream.engine.shop import Shop, key_of, open_shop, orders_of
from tests.connectors.exstream.full_disk import room_for
from tests.connectors.exstream_engine.stand_in import TEMPLATE
from xconnector.connectors.exstream.engine.composer import EngineComposer
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.domain.document import RenditionKind
from xconnector.testing.orders import sample_order

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path)


async def result_of(composer: EngineComposer) -> Composition | ConnectorError:
    (result,) = await composer.compose(orders_of([1]))
    return result


def starts(shop: Shop) -> int:
    """How often the engine was started, where `count_starts` was called."""
    return len((shop.folder / "starts").read_text("utf-8").splitlines())


def count_starts(shop: Shop) -> None:
    program = shop.installation.program.read_text("utf-8").removeprefix("#!/bin/sh\n")
    shop.becomes(f"echo started >> {shop.folder}/starts\n{program}")


async def test_one_start_of_the_engine_composes_all_orders(shop: Shop) -> None:
    count_starts(shop)

    results = await shop.composer().compose(orders_of(range(12)))

    assert all(isinstance(result, Composition) for result in results)
    assert starts(shop) == 1


async def test_each_date_has_a_start_of_its_own(shop: Shop) -> None:
    count_starts(shop)
    first, second = orders_of([1, 2])
    communication = {**second.data["communication"], "date": {"value": "2026-11-24", "text": "24. November 2026"}}

    results = await shop.composer().compose(
        [first, replace(second, data={**second.data, "communication": communication})]
    )

    assert all(isinstance(result, Composition) for result in results)
    assert starts(shop) == 2


async def test_results_come_by_position_where_the_design_has_no_key(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, key={"name": "number"})
    orders = orders_of([3, 1, 2])

    by_position = await shop.composer().compose(orders)

    assert list(by_position) == list(await open_shop(tmp_path).composer().compose(orders))


async def test_one_key_of_two_customers_never_mixes_their_documents(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, key={"name": "Language", "path": "communication.language"})

    first, second = await shop.composer().compose(orders_of([1, 2]))

    assert isinstance(first, Composition)
    assert isinstance(second, Composition)
    assert first != second


async def test_a_skipped_customer_is_named_with_the_ids_of_the_messages_alone(shop: Shop) -> None:
    composer = shop.composer({"skip_keys": [key_of(2)]})

    first, second, third = await composer.compose(orders_of([1, 2, 3]))

    assert isinstance(first, Composition)
    assert isinstance(third, Composition)
    assert isinstance(second, PermanentError)
    assert "EX003004W" in str(second)
    assert key_of(2) not in str(second)


async def test_the_engines_own_words_are_told_where_the_settings_ask_for_them(shop: Shop) -> None:
    composer = shop.composer(
        {"return_code": 12, "messages": ["EX001001S the key is hush"]}, tell_engine_messages=True, key="hush"
    )

    result = await result_of(composer)

    assert isinstance(result, PermanentError)
    assert "the key is ***" in str(result)


@pytest.mark.parametrize("code", [4, 8])
async def test_warnings_and_errors_of_single_customers_leave_the_outputs_good(shop: Shop, code: int) -> None:
    assert isinstance(await result_of(shop.composer({"return_code": code})), Composition)


@pytest.mark.parametrize("code", [12, 16])
async def test_a_run_that_failed_as_a_whole_is_permanent(shop: Shop, code: int) -> None:
    result = await result_of(shop.composer({"return_code": code, "messages": ["EX001001S KUNDE-00001"]}))

    assert isinstance(result, PermanentError)
    assert f"return code {code}" in str(result)
    assert "EX001001S" in str(result)
    assert "KUNDE" not in str(result)


async def test_what_counts_as_failed_is_a_setting(shop: Shop) -> None:
    result = await result_of(shop.composer({"return_code": 8}, return_codes={"error": 8, "failed": 8}))

    assert isinstance(result, PermanentError)


async def test_a_package_that_the_engine_cannot_read_is_told_as_such(shop: Shop) -> None:
    count_starts(shop)

    results = await shop.composer({"bad_package": True}).compose(orders_of([1, 2, 3]))

    assert {type(result) for result in results} == {PermanentError}
    assert "packaged again" in str(results[0])
    assert starts(shop) == 1


async def test_a_customer_at_which_the_engine_stops_never_fails_the_rest(shop: Shop) -> None:
    count_starts(shop)

    results = await shop.composer({"stop_at_keys": [key_of(3)]}).compose(orders_of(range(5)))

    assert [type(result) for result in results] == [Composition] * 3 + [PermanentError, Composition]
    assert starts(shop) <= 7


async def test_an_engine_that_always_fails_is_not_started_without_end(shop: Shop) -> None:
    shop.becomes(f"echo started >> {shop.folder}/starts\nexit 12")

    results = await shop.composer().compose(orders_of(range(100)))

    assert {type(result) for result in results} == {PermanentError}
    assert starts(shop) <= 20


@pytest.mark.parametrize("script", ["exit 127", "exit 126"])
async def test_a_launching_script_that_finds_no_engine_is_misconfigured(shop: Shop, script: str) -> None:
    shop.becomes(script)

    assert isinstance(await result_of(shop.composer()), MisconfiguredError)


@pytest.mark.parametrize("script", ["kill -9 $$", "kill -TERM $$", "exit 137"])
async def test_an_engine_that_a_signal_ended_is_transient(shop: Shop, script: str) -> None:
    shop.becomes(script)

    assert isinstance(await result_of(shop.composer()), TransientError)


async def test_a_program_that_is_none_is_misconfigured(shop: Shop) -> None:
    shop.installation.program.write_bytes(b"\x7fELF of another machine")

    result = await result_of(shop.composer())

    assert isinstance(result, MisconfiguredError)


@pytest.mark.parametrize("fault", ["forgets_delivery_file", "truncates_delivery_file"])
async def test_without_a_whole_delivery_file_nothing_is_taken(shop: Shop, fault: str) -> None:
    result = await result_of(shop.composer({fault: True}))

    assert isinstance(result, PermanentError)
    assert "delivery file" in str(result)


async def test_a_file_outside_of_the_output_folder_is_never_read(shop: Shop) -> None:
    (shop.folder / "secret").write_text("secret", "utf-8")
    named = '<outputList><queue name="archive" mimeType="application/pdf"><file name="{name}"><customer number="1">'
    named += f'<key name="CommunicationId">{key_of(1)}</key></customer></file></queue></outputList>'
    for name in (f"{shop.folder}/secret", "../../../secret", "link"):
        shop.becomes(f"ln -s {shop.folder}/secret output/link\necho '{named.format(name=name)}' > delivery.xml")

        result = await result_of(shop.composer())

        assert isinstance(result, PermanentError)
        assert "output folder" in str(result)


@pytest.mark.parametrize(
    "package", ["../Other.pub", "/etc/passwd", "a/../../Other.pub", "..\\Other.pub", ".", "link.pub"]
)
async def test_a_package_never_leaves_its_folder(tmp_path: Path, package: str) -> None:
    shop = open_shop(tmp_path)
    (shop.installation.packages.parent / "Other.pub").write_text("{}", "utf-8")
    (shop.installation.packages / "link.pub").symlink_to(shop.installation.packages.parent / "Other.pub")
    shop.design = {**shop.design, "package": package}

    assert isinstance(await result_of(shop.composer()), PermanentError)


async def test_a_missing_package_is_permanent_and_told_by_the_check(shop: Shop) -> None:
    (shop.installation.packages / "PolicyIssued.pub").unlink()

    assert isinstance(await result_of(shop.composer()), PermanentError)
    with pytest.raises(MisconfiguredError, match="PolicyIssued"):
        await shop.composer().check()


async def test_a_missing_folder_of_packages_is_misconfigured(shop: Shop) -> None:
    assert isinstance(await result_of(shop.composer(packages="nowhere")), MisconfiguredError)


async def test_a_work_folder_that_is_none_is_misconfigured(shop: Shop) -> None:
    shop.runs.rmdir()
    shop.runs.write_text("a file", "utf-8")

    assert isinstance(await result_of(shop.composer()), MisconfiguredError)
    with pytest.raises(MisconfiguredError, match="work_folder"):
        await shop.composer().check()


async def test_a_share_that_is_not_mounted_is_an_outage(shop: Shop) -> None:
    shop.runs.rmdir()

    assert isinstance(await result_of(shop.composer()), TransientError)
    assert not shop.runs.exists()


async def test_a_full_disk_is_transient(shop: Shop) -> None:
    composer = shop.composer()
    await composer.check()

    with room_for(2000):
        results = await composer.compose(orders_of(range(10)))

    assert {type(result) for result in results} == {TransientError}
    assert "no room" in str(results[0])


async def test_nothing_is_left_of_a_run_that_was_awaited(shop: Shop) -> None:
    await shop.composer().compose(orders_of([1]))

    assert list(shop.runs.iterdir()) == []


async def test_who_stops_waiting_ends_the_engine_and_all_it_started(shop: Shop) -> None:
    shop.becomes(f"sleep 300 &\necho $! > {shop.folder}/child\necho $$ > {shop.folder}/parent\nwait")
    composing = asyncio.create_task(shop.composer().compose(orders_of([1])))
    await _written(shop.folder / "parent")

    composing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await composing

    for name in ("parent", "child"):
        assert not _lives(int((shop.folder / name).read_text("utf-8")))
    assert list(shop.runs.iterdir()) == []


async def _written(file: Path) -> None:
    until = time.monotonic() + 30
    while not (file.exists() and file.read_text("utf-8").strip()):
        assert time.monotonic() < until, f"{file} is not written"
        await asyncio.sleep(0.02)


def _lives(process_id: int) -> bool:
    try:
        return psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_the_key_stands_in_the_control_file_alone_and_only_for_us(shop: Shop) -> None:
    seen = shop.folder / "seen"
    shop.becomes(
        f"tr '\\0' ' ' < /proc/$$/cmdline > {seen}.line; stat -c '%a %n' . job.opt > {seen}.modes"
        f"; stat -c '%a' .. > {seen}.folder; cp job.opt {seen}.control; exit 12"
    )

    result = await result_of(shop.composer(key="hush-hush", environment={"LD_LIBRARY_PATH": "/opt/lib"}))

    assert "-KEY=hush-hush" in Path(f"{seen}.control").read_text("utf-8").splitlines()
    assert "hush" not in Path(f"{seen}.line").read_text("utf-8")
    assert "hush" not in f"{result!r} {shop.composer(key='hush-hush')!r}"
    assert Path(f"{seen}.modes").read_text("utf-8").splitlines() == ["700 .", "600 job.opt"]
    assert Path(f"{seen}.folder").read_text("utf-8").strip() == "700"


async def test_the_engine_finds_no_variable_of_ours_but_those_that_are_given(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XCONNECTOR_SECRET", "hush")
    shop.becomes(f"env > {shop.folder}/environment; exit 12")

    await result_of(shop.composer(environment={"LD_LIBRARY_PATH": "/opt/lib"}))

    told = (shop.folder / "environment").read_text("utf-8")
    assert "hush" not in told
    assert "LD_LIBRARY_PATH=/opt/lib" in told.splitlines()


async def test_every_setting_becomes_its_switch(shop: Shop) -> None:
    shop.becomes(f"cp job.opt {shop.folder}/control; exit 12")
    (shop.folder / "rates.dat").write_text("", "utf-8")

    await result_of(
        shop.composer(
            driver_name="CUSTOMERS",
            reference_files={"RATES": "rates.dat"},
            run="COMPOSE",
            variables={"Site": {"value": "Berlin", "when": "PREINIT"}, "Mode": {"value": ""}},
            key_file="licence.key",
            track_in="DISABLE",
            track_out="NONE",
            stop_error="ERROR",
            report="NONE",
            message_level="WARNING",
            timestamp_messages=True,
            extra_switches=["MSG=3004,E,3", "-DISABLESORT"],
        )
    )

    lines = (shop.folder / "control").read_text("iso8859_2").splitlines()
    told = {*lines}
    assert {
        f"-PACKAGEFILE={shop.installation.packages}/PolicyIssued.pub",
        f"-FILEMAP=RATES,{shop.folder}/rates.dat",
        "-RUNDATE=11/23/2026",
        "-RUNMODE=PRODUCTION",
        "-RUN=COMPOSE",
        "-VARSET=Site,Berlin,PREINIT",
        "-VARSET=Mode,",
        f"-KEYFILE={shop.folder}/licence.key",
        "-TRACKIN=DISABLE",
        "-TRACKOUT=NONE",
        "-STOPERROR=ERROR",
        "-REPORT=NONE",
        "-MESSAGELEVEL=WARNING",
        "-MSGENCODE=UTF16",
        "-TIMESTAMP_MESSAGES",
        "-MSG=3004,E,3",
        "-DISABLESORT",
    } <= told
    assert any(line.startswith("-FILEMAP=CUSTOMERS,") for line in lines)
    assert {"-STDDELIVERYFILE", "-OUTPUTDIRECTORY", "-MESSAGEFILE", "-REPORTFILE", "-RUNSUMMARY"} <= {
        line.partition("=")[0] for line in lines
    }


@pytest.mark.parametrize("encoding", ["UTF16", "UTF8", "ISO88591", "ISO88592"])
async def test_messages_are_read_as_they_are_written(shop: Shop, encoding: str) -> None:
    composer = shop.composer({"return_code": 12, "messages": ["EX001001S gone"]}, message_encoding=encoding)

    assert "EX001001S" in str(await result_of(composer))


async def test_a_driver_may_be_laid_out_otherwise(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, driver={"format": "xml"})

    assert isinstance(await result_of(shop.composer()), Composition)


async def test_what_was_not_declared_cannot_be_asked_for(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, outputs={"letter": {"queue": "archive"}})
    order: Order = sample_order(template=TEMPLATE, kinds=frozenset({RenditionKind.SMS}))

    (result,) = await shop.composer().compose([order])

    assert isinstance(result, PermanentError)


def test_folders_are_ours_alone(shop: Shop) -> None:
    asyncio.run(shop.composer(work_folder=None).check())

    assert stat.S_IMODE((shop.folder / "var" / "runs").stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize("seconds", [0, 0.01, 0.03])
def test_a_worker_that_ends_while_an_engine_starts_is_not_held_up(shop: Shop, seconds: float) -> None:
    shop.becomes("sleep 300")

    async def worker() -> asyncio.Task[object]:
        composing = asyncio.create_task(_composed(shop))
        await asyncio.sleep(seconds)
        return composing

    assert asyncio.run(worker()).cancelled()


async def _composed(shop: Shop) -> object:
    return await shop.composer().compose(orders_of([1]))
