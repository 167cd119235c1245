import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.document import content_digest
from xconnector.store.content import ContentStore, DamagedContentError, Place


def _packs(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=8))
def test_what_is_kept_comes_back_byte_for_byte(tmp_path_factory: pytest.TempPathFactory, contents: list[bytes]) -> None:
    store = ContentStore(tmp_path_factory.mktemp("content"))
    places = store.keep(contents)

    assert [
        store.read(place, content_digest(content)) for place, content in zip(places, contents, strict=True)
    ] == contents


def test_the_same_pack_is_kept_once_and_nobody_may_write_to_it(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)

    assert store.keep([b"one", b"two"]) == store.keep([b"one", b"two"])
    (pack,) = _packs(tmp_path)
    assert pack.stat().st_mode & 0o777 == 0o400


@pytest.mark.parametrize("damage", [b"onetwO", b"onetw", b"", b"onetwo and more"])
def test_damage_is_noticed_when_it_is_read(tmp_path: Path, damage: bytes) -> None:
    store = ContentStore(tmp_path)
    places = store.keep([b"one", b"two"])
    (pack,) = _packs(tmp_path)
    pack.chmod(0o600)
    pack.write_bytes(damage)

    if damage == b"onetwo and more":
        assert store.read(places[1], content_digest(b"two")) == b"two"
        return
    with pytest.raises(DamagedContentError, match="backup"):
        store.read(places[1], content_digest(b"two"))


def test_a_pack_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(DamagedContentError, match="restore the content store"):
        ContentStore(tmp_path).read(Place(pack="ab" * 32, offset=0, length=1), content_digest(b"x"))


def test_a_program_that_dies_while_it_writes_leaves_nothing_under_a_packs_name(tmp_path: Path) -> None:
    program = (
        "import os, sys, pathlib\n"
        "from xconnector.store.content import ContentStore\n"
        "os.fsync = lambda descriptor: os.kill(os.getpid(), 9)\n"
        "ContentStore(pathlib.Path(sys.argv[1])).keep([b'one', b'two'])\n"
    )
    died = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False, env=dict(os.environ))

    assert died.returncode == -9
    assert not list(tmp_path.rglob("*.pack"))
    store = ContentStore(tmp_path)
    (place, _) = store.keep([b"one", b"two"])
    assert store.read(place, content_digest(b"one")) == b"one"
