import os
from pathlib import Path

from xconnector.domain.document import content_digest
from xconnector.store.content import ContentStore


def _modes(folder: Path) -> set[tuple[bool, int]]:
    return {(path.is_dir(), path.stat().st_mode & 0o777) for path in [folder, *folder.rglob("*")]}


def test_nobody_else_may_look_into_it(tmp_path: Path) -> None:
    before = os.umask(0o000)
    try:
        ContentStore(tmp_path / "content").keep([b"one", b"two"])
    finally:
        os.umask(before)

    assert _modes(tmp_path / "content") == {(True, 0o700), (False, 0o400)}


def test_a_damaged_pack_is_mended_when_the_same_documents_are_kept_again(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    places = store.keep([b"one", b"two"])
    (pack,) = tmp_path.rglob("*.pack")
    pack.chmod(0o600)
    pack.write_bytes(b"onetwO")

    assert store.keep([b"one", b"two"]) == places
    assert store.read(places[1], content_digest(b"two")) == b"two"
