import stat
from pathlib import Path

import pytest

from tests.connectors.exstream.full_disk import room_for
from xconnector.connectors.exstream.whole_file import write_whole


def test_a_file_is_replaced_as_a_whole_and_is_ours_alone(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    write_whole(file, b"first")
    write_whole(file, b"second")

    assert file.read_bytes() == b"second"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_where_there_is_no_room_what_was_there_stays(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    write_whole(file, b"first")

    with room_for(3), pytest.raises(OSError, match="too large"):
        write_whole(file, b"second")
    assert file.read_bytes() == b"first"

    write_whole(file, b"third")
    assert file.read_bytes() == b"third"
    assert list(tmp_path.iterdir()) == [file]
