"""Files that stay on the engine's machine are read where their folder is mounted, and nowhere else."""

from pathlib import Path

import pytest

from tests.connectors.exstream.engine_service.answers import returned
from xconnector.connectors.exstream.engine_service.left_files import LeftFiles
from xconnector.connectors.exstream.engine_service.settings import OutputFolder
from xconnector.contract.errors import MisconfiguredError, PermanentError, TransientError


@pytest.fixture
def mounted(tmp_path: Path) -> Path:
    folder = tmp_path / "mounted"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.pdf").write_bytes(b"INSIDE")
    (folder / "a.pdf").write_bytes(b"TOP")
    (tmp_path / "secret.pdf").write_bytes(b"SECRET")
    return folder


def _left(tmp_path: Path, on_server: str = "", largest: int = 1000) -> LeftFiles:
    return LeftFiles(OutputFolder(mounted=Path("mounted"), on_server=on_server), tmp_path, largest=largest)


@pytest.mark.parametrize(
    "on_server, name, content",
    [
        ("", "a.pdf", b"TOP"),
        ("", "/srv/out/sub/a.pdf", b"TOP"),
        ("/srv/out", "/srv/out/sub/a.pdf", b"INSIDE"),
        ("/srv/out/", "/srv/out/a.pdf", b"TOP"),
        ("D:\\exstream\\out", "d:\\Exstream\\out\\sub\\a.pdf", b"INSIDE"),
        ("/srv/out", "/elsewhere/a.pdf", b"TOP"),
    ],
)
def test_a_named_file_is_found(mounted: Path, tmp_path: Path, on_server: str, name: str, content: bytes) -> None:
    assert mounted.is_dir()

    (file,) = _left(tmp_path, on_server).fetched([returned(name, None)])

    assert file.content == content


def test_what_came_with_its_content_is_not_looked_for(mounted: Path, tmp_path: Path) -> None:
    assert mounted.is_dir()

    assert _left(tmp_path).fetched([returned("nowhere.pdf")]) == [returned("nowhere.pdf")]


@pytest.mark.parametrize(
    "name", ["/srv/out/../secret.pdf", "/srv/out/sub/../../secret.pdf", "..", "/srv/out/", "/srv/out/link.pdf", "a\0b"]
)
def test_no_name_leads_out_of_the_folder(mounted: Path, tmp_path: Path, name: str) -> None:
    (mounted / "link.pdf").symlink_to(tmp_path / "secret.pdf")

    with pytest.raises(PermanentError, match="outside"):
        _left(tmp_path, "/srv/out").fetched([returned(name, None)])


def test_a_file_that_is_not_there_yet_may_come(mounted: Path, tmp_path: Path) -> None:
    assert mounted.is_dir()

    with pytest.raises(TransientError) as missing:
        _left(tmp_path).fetched([returned("Jördis.pdf", None)])

    assert "Jördis" not in f"{missing.value!r} {missing.value.__cause__!r}"


def test_a_folder_that_is_not_mounted_is_misconfigured(tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match="mounted"):
        _left(tmp_path).check()


def test_a_file_beyond_every_bound_is_refused(mounted: Path, tmp_path: Path) -> None:
    (mounted / "big.pdf").write_bytes(b"x" * 101)

    with pytest.raises(PermanentError, match="larger than 100"):
        _left(tmp_path, largest=100).fetched([returned("big.pdf", None)])


def test_a_folder_in_place_of_a_file_cannot_be_read(mounted: Path, tmp_path: Path) -> None:
    assert mounted.is_dir()

    with pytest.raises(TransientError, match="cannot be read"):
        _left(tmp_path).fetched([returned("sub", None)])


def test_a_file_of_the_size_that_the_engine_tells_is_taken(mounted: Path, tmp_path: Path) -> None:
    assert mounted.is_dir()

    (file,) = _left(tmp_path).fetched([returned("a.pdf", None, size=3)])

    assert file.content == b"TOP"


def test_a_file_of_another_size_than_the_engine_tells_may_still_be_written(mounted: Path, tmp_path: Path) -> None:
    assert mounted.is_dir()

    with pytest.raises(TransientError, match="another size"):
        _left(tmp_path).fetched([returned("a.pdf", None, size=4)])
