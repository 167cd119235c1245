"""What only the content archive has: packs that can be read without it, files that nobody changes, and crashes."""

import json
import os
import random
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from xconnector.connectors.content_archive.archive import ContentArchive
from xconnector.connectors.content_archive.settings import ContentArchiveSettings
from xconnector.contract.archive import Record
from xconnector.contract.errors import PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.domain.document import content_digest
from xconnector.testing.conformance.archive import sample_record

KEEPS_FOREVER = """
import asyncio, itertools, sys
from pathlib import Path
from xconnector.connectors.content_archive.archive import ContentArchive
from xconnector.connectors.content_archive.settings import ContentArchiveSettings
from xconnector.contract.manifest import Surroundings
from xconnector.testing.conformance.archive import sample_record

async def main(folder):
    archive = ContentArchive(
        ContentArchiveSettings(folder=Path("archive")), Surroundings(project_folder=folder, state_folder=folder)
    )
    for number in itertools.count(int(sys.argv[2])):
        size = 1 + number % 3
        records = [sample_record(10 * number + at, bytes([at]) * 50_000 + b"%d" % number) for at in range(size)]
        for address in await archive.keep(records, batch_key=str(number)):
            print(address, flush=True)

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[ContentArchive]:
    async with archive_in(tmp_path, Path("archive")) as opened:
        yield opened


def archive_in(project_folder: Path, folder: Path) -> ContentArchive:
    surroundings = Surroundings(project_folder=project_folder, state_folder=project_folder / "state")
    return ContentArchive(ContentArchiveSettings(folder=folder), surroundings)


def batch(count: int) -> list[Record]:
    return [sample_record(number) for number in range(count)]


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_what_arrives_together_is_one_file(archive: ContentArchive, tmp_path: Path) -> None:
    await archive.keep(batch(50), batch_key="run-1-7")

    (pack,) = files_in(tmp_path / "archive")
    assert pack.suffix == ".pack"


async def test_what_arrives_alone_lies_under_its_digest(archive: ContentArchive, tmp_path: Path) -> None:
    (record,) = batch(1)

    (address,) = await archive.keep([record], batch_key="single")

    digest = record.rendition.sha256
    assert address == f"sha256:{digest}"
    path = tmp_path / "archive" / "sha256" / digest[:2] / digest[2:4] / digest
    assert path.read_bytes() == record.rendition.content


async def test_a_pack_can_be_read_without_the_product(archive: ContentArchive, tmp_path: Path) -> None:
    records = batch(3)
    await archive.keep(records, batch_key="run-1-7")

    (path,) = files_in(tmp_path / "archive")
    content = path.read_bytes()
    trailer = content[-84:]
    index = content[-84 - int(trailer[65:77]) : -84]
    lines = [json.loads(line) for line in index.splitlines()]

    assert trailer[1:65].decode() == content_digest(index) == path.stem
    assert [content[line["offset"] :][: line["length"]] for line in lines] == [
        record.rendition.content for record in records
    ]
    assert [(line["communication_id"], line["record_class"], line["retain_until"]) for line in lines] == [
        (str(record.communication_id), "contract", "2036-12-31") for record in records
    ]


@pytest.mark.parametrize("count", [1, 3])
async def test_what_is_kept_is_read_only(archive: ContentArchive, tmp_path: Path, count: int) -> None:
    await archive.keep(batch(count), batch_key="run-1-7")

    (path,) = files_in(tmp_path / "archive")
    assert stat.S_IMODE(path.stat().st_mode) == 0o400


async def test_a_link_in_the_archive_is_not_followed(archive: ContentArchive, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    digest = content_digest(b"secret")
    link = tmp_path / "archive" / "sha256" / digest[:2] / digest[2:4] / digest
    link.parent.mkdir(parents=True)
    link.symlink_to(secret)

    with pytest.raises(PermanentError, match="link"):
        await archive.fetch(f"sha256:{digest}")


async def test_an_absolute_folder_is_never_made(tmp_path: Path) -> None:
    async with archive_in(tmp_path, tmp_path / "mnt" / "archive") as archive:
        (result,) = await archive.keep(batch(1), batch_key="single")

    assert isinstance(result, TransientError)
    assert "mounted" in str(result)
    assert not (tmp_path / "mnt").exists()


async def test_a_damaged_pack_is_not_taken_for_kept(archive: ContentArchive, tmp_path: Path) -> None:
    await archive.keep(batch(3), batch_key="run-1-7")
    (path,) = files_in(tmp_path / "archive")
    path.chmod(0o600)
    os.truncate(path, 100)

    results = await archive.keep(batch(3), batch_key="run-1-7")

    assert {type(result) for result in results} == {PermanentError}


async def test_verify_finds_what_was_changed_behind_its_back(archive: ContentArchive, tmp_path: Path) -> None:
    packed = await archive.keep(batch(3), batch_key="run-1-7")
    single = await archive.keep([sample_record(9)], batch_key="single")
    pack = next(path for path in files_in(tmp_path / "archive") if path.suffix == ".pack")
    pack.chmod(0o600)
    with pack.open("r+b") as file:
        file.write(b"X")

    found = {fixity.address: fixity.fault for fixity in archive.verify()}

    assert set(found) == {*packed, *single}
    assert [address for address, fault in found.items() if fault] == [packed[0]]


async def test_verify_finds_a_pack_without_its_end(archive: ContentArchive, tmp_path: Path) -> None:
    await archive.keep(batch(3), batch_key="run-1-7")
    (path,) = files_in(tmp_path / "archive")
    path.chmod(0o600)
    os.truncate(path, path.stat().st_size - 1)

    (fixity,) = archive.verify()

    assert fixity.address == f"pack:{path.stem}"
    assert fixity.fault


async def test_what_a_dead_process_left_half_written_is_removed(tmp_path: Path) -> None:
    incoming = tmp_path / "archive" / "incoming"
    incoming.mkdir(parents=True)
    old, young = incoming / "old", incoming / "young"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))

    async with archive_in(tmp_path, Path("archive")):
        assert files_in(incoming) == [young]


@pytest.mark.slow
def test_a_process_killed_at_any_moment_leaves_whole_files_only(tmp_path: Path) -> None:
    chance = random.Random(7)
    told: list[str] = []
    for attempt in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", KEEPS_FOREVER, str(tmp_path), str(attempt * 100)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        told.append(process.stdout.readline().strip())
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        told += [line.strip() for line in process.communicate()[0].splitlines(keepends=True) if line.endswith("\n")]

    archive = archive_in(tmp_path, Path("archive"))
    faults = {fixity.address: fixity.fault for fixity in archive.verify()}
    assert not [fault for fault in faults.values() if fault]
    assert set(told) <= set(faults)
