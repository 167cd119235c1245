"""Handing over: in which order files appear, what is taken up again, and what counts as arrived."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.connectors.print_house.letters import bundle_of, letter, piece, truncated
from tests.connectors.print_house.stand_in import read_lines
from xconnector.connectors.print_house.channel import PrintHouse
from xconnector.connectors.print_house.settings import PrintHouseSettings
from xconnector.contract.channel import Dispatch, Receipt
from xconnector.contract.errors import MisconfiguredError, OutcomeUnknownError, PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.sandbox.house import Conduct, House

PIECES = [piece(1, letter(2), pages=2), piece(2), piece(3)]


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "print").mkdir()
    return House(folder=tmp_path / "print", conduct=Conduct())


@pytest.fixture
async def channel(tmp_path: Path, house: House) -> AsyncIterator[PrintHouse]:
    del house
    async with opened(tmp_path) as channel:
        yield channel


def opened(project_folder: Path, *, state: str = "state", folder: str = "print", **settings: object) -> PrintHouse:
    destination = {"kind": "folder", "folder": folder}
    return PrintHouse(
        PrintHouseSettings.model_validate({"destination": destination, **settings}),
        Surroundings(project_folder=project_folder, state_folder=project_folder / state),
    )


def printed_keys(house: House) -> list[str]:
    for trigger in house.waiting():
        house.work_off(trigger)
    return [line["dispatch_key"] for line in read_lines(house.arrivals) if "dispatch_key" in line]


def repeated(house: House) -> list[str]:
    return [line["bundle"] for line in read_lines(house.arrivals) if line.get("duplicate")]


async def test_the_house_finds_parts_manifest_and_trigger(channel: PrintHouse, house: House) -> None:
    receipt = await channel.send_bundle(bundle_of(PIECES), iter(PIECES))

    assert receipt.reference == "run-7-1"
    assert sorted(path.name for path in house.folder.iterdir() if path.is_file()) == [
        "run-7-1-p001.pdf",
        "run-7-1.done",
        "run-7-1.manifest.jsonl",
        "run-7-1.totals.json",
    ]
    trigger = json.loads((house.folder / "run-7-1.done").read_bytes())
    manifest = (house.folder / "run-7-1.manifest.jsonl").read_bytes()
    assert trigger == {
        "bundle": "run-7-1",
        "manifest": "run-7-1.manifest.jsonl",
        "sha256": hashlib.sha256(manifest).hexdigest(),
    }
    assert printed_keys(house) == ["dispatch-1", "dispatch-2", "dispatch-3"]


@pytest.mark.parametrize("taken", [False, True], ids=["not yet taken", "taken"])
async def test_a_bundle_sent_again_is_printed_once(channel: PrintHouse, house: House, *, taken: bool) -> None:
    pieces = [*PIECES, piece(4, truncated())]
    first = await channel.send_bundle(bundle_of(pieces), iter(pieces))
    if taken:
        printed_keys(house)

    second = await channel.send_bundle(bundle_of(pieces), iter(pieces))

    assert printed_keys(house) == ["dispatch-1", "dispatch-2", "dispatch-3"]
    assert repeated(house) == []
    assert (second.reference, second.awaits_report) == (first.reference, first.awaits_report)
    assert {key: str(error) for key, error in second.left_out.items()} == {
        key: str(error) for key, error in first.left_out.items()
    }
    assert list(first.left_out) == ["dispatch-4"]


async def test_another_machine_knows_by_the_houses_copy_that_it_arrived(
    channel: PrintHouse, house: House, tmp_path: Path
) -> None:
    pieces = [*PIECES, piece(4, truncated())]
    await channel.send_bundle(bundle_of(pieces), iter(pieces))
    printed_keys(house)

    async with opened(tmp_path, state="another-machine") as other:
        asked = await other.ask_bundle("run-7-1")

    assert asked is not None
    assert list(asked.left_out) == ["dispatch-4"]


async def test_before_the_trigger_nothing_counts(channel: PrintHouse, house: House) -> None:
    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))
    (house.folder / "run-7-1.done").unlink()

    assert await channel.ask_bundle("run-7-1") is None

    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))
    assert printed_keys(house) == ["dispatch-1", "dispatch-2", "dispatch-3"]


async def test_what_lies_there_whole_is_not_laid_down_again(channel: PrintHouse, house: House) -> None:
    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))
    (house.folder / "run-7-1.done").unlink()
    part = house.folder / "run-7-1-p001.pdf"
    before = part.stat().st_ino

    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))

    assert part.stat().st_ino == before


@pytest.mark.parametrize("torn", [0, 100, -1])
async def test_what_lies_there_torn_is_laid_down_again(channel: PrintHouse, house: House, torn: int) -> None:
    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))
    (house.folder / "run-7-1.done").unlink()
    part = house.folder / "run-7-1-p001.pdf"
    whole = part.read_bytes()
    part.write_bytes(whole[:torn] if torn >= 0 else whole[:-1] + b"X")

    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))

    assert part.read_bytes() == whole


async def test_files_gone_without_a_trace_are_for_a_person_to_settle(channel: PrintHouse, house: House) -> None:
    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))
    for path in house.folder.glob("run-7-1*"):
        path.unlink()

    with pytest.raises(OutcomeUnknownError, match="ask the print house"):
        await channel.ask_bundle("run-7-1")
    with pytest.raises(OutcomeUnknownError):
        await channel.send_bundle(bundle_of(PIECES), iter(PIECES))


async def test_an_acknowledgement_alone_proves_that_a_bundle_arrived(tmp_path: Path, house: House) -> None:
    async with opened(tmp_path, acknowledgement={}) as channel:
        await channel.send_bundle(bundle_of(PIECES), iter(PIECES))
        printed_keys(house)
        (house.processed / "run-7-1.done").unlink()

        receipt = await channel.ask_bundle("run-7-1")

    assert receipt is not None
    assert receipt.awaits_report


async def test_a_bundle_of_unfit_letters_is_not_handed_over(tmp_path: Path, house: House) -> None:
    pieces = [piece(1, truncated())]
    async with opened(tmp_path, acknowledgement={}) as channel:
        receipt = await channel.send_bundle(bundle_of(pieces), iter(pieces))

    assert list(receipt.left_out) == ["dispatch-1"]
    assert not receipt.awaits_report
    assert house.waiting() == []


async def test_single_dispatches_leave_as_one_bundle(channel: PrintHouse, house: House) -> None:
    dispatches = [piece(1), piece(2, truncated()), piece(3)]

    results = await channel.send(dispatches)

    assert [type(result) for result in results] == [Receipt, PermanentError, Receipt]
    assert printed_keys(house) == ["dispatch-1", "dispatch-3"]


async def test_the_same_dispatches_sent_again_are_printed_once(channel: PrintHouse, house: House) -> None:
    first = await channel.send(PIECES)
    printed_keys(house)
    second = await channel.send(PIECES)

    assert list(first) == list(second)
    assert len(printed_keys(house)) == 3


async def test_a_run_in_many_bundles_arrives_whole(channel: PrintHouse, house: House) -> None:
    content = letter(1)
    batches: list[Sequence[Dispatch]] = [
        [piece(number, content) for number in range(start, start + 20)] for start in (0, 20, 40)
    ]

    await asyncio.gather(
        *(channel.send_bundle(bundle_of(each, f"run-7-{at}"), iter(each)) for at, each in enumerate(batches))
    )

    assert sorted(printed_keys(house)) == sorted(each.dispatch_key for batch in batches for each in batch)


async def test_the_folder_of_a_project_is_made(tmp_path: Path) -> None:
    async with opened(tmp_path, folder="var/print") as channel:
        await channel.check()

    assert list((tmp_path / "var" / "print").iterdir()) == []


async def test_a_share_that_is_not_mounted_is_told_and_not_made(tmp_path: Path) -> None:
    share = tmp_path / "mnt" / "print"
    async with opened(tmp_path, folder=str(share)) as channel:
        with pytest.raises(TransientError, match="mounted"):
            await channel.check()
        with pytest.raises(TransientError, match="mounted"):
            await channel.send_bundle(bundle_of(PIECES), iter(PIECES))

    assert not share.exists()


async def test_a_file_in_place_of_the_folder_is_misconfigured(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with opened(tmp_path, folder="file/print") as channel:
        with pytest.raises(MisconfiguredError):
            await channel.check()


async def test_no_letter_stays_in_the_state_folder(channel: PrintHouse, tmp_path: Path) -> None:
    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))

    kept = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert [path.name for path in kept] == ["run-7-1.manifest.jsonl"]
    assert "Jördis" not in kept[0].read_text(encoding="utf-8")


async def test_whoever_gives_up_at_any_moment_can_ask_and_send_again(tmp_path: Path, house: House) -> None:
    async with opened(tmp_path) as channel:
        for attempt in range(12):
            key = f"run-7-{attempt}"
            sending = asyncio.create_task(channel.send_bundle(bundle_of(PIECES, key), iter(PIECES)))
            await asyncio.wait({sending}, timeout=attempt * 0.06)
            sending.cancel()
            await asyncio.wait({sending})

            if await channel.ask_bundle(key) is None:
                await channel.send_bundle(bundle_of(PIECES, key), iter(PIECES))

    assert len(printed_keys(house)) == 12 * len(PIECES)
    assert repeated(house) == []


@pytest.mark.parametrize("left", ["its beginning", "something else", "more than all"])
async def test_an_interrupted_upload_goes_on_where_it_ended(channel: PrintHouse, house: House, left: str) -> None:
    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))
    part = house.folder / "run-7-1-p001.pdf"
    whole = part.read_bytes()
    part.unlink()
    (house.folder / "run-7-1.done").unlink()
    torn = house.folder / ".run-7-1-p001.pdf.part"
    torn.write_bytes({"its beginning": whole[:700], "something else": b"%PDF" * 99, "more than all": whole * 2}[left])
    file = torn.stat().st_ino

    await channel.send_bundle(bundle_of(PIECES), iter(PIECES))

    assert part.read_bytes() == whole
    assert part.stat().st_ino == file


async def test_totals_are_announced_of_every_class(channel: PrintHouse, house: House) -> None:
    pieces = [replace(each, print_options={"paper": paper}) for each, paper in zip(PIECES, "aba", strict=True)]

    await channel.send_bundle(bundle_of(pieces), iter(pieces))

    told = json.loads((house.folder / "run-7-1.totals.json").read_bytes())
    assert {name: told[name] for name in ("pieces", "pages", "sheets", "parts")} == {
        "pieces": 3,
        "pages": 6,
        "sheets": 3,
        "parts": 1,
    }
    assert told["by"]["option paper"] == {
        "a": {"pieces": 2, "pages": 4, "sheets": 2},
        "b": {"pieces": 1, "pages": 2, "sheets": 1},
    }
    assert [sum(count["sheets"] for count in values.values()) for values in told["by"].values()] == [3, 3, 3]
