import json
from pathlib import Path

import pytest

from xconnector.entrypoints.events import EventFileError, read_event_file

EVENT = {"specversion": "1.0", "id": "1", "source": "crm", "type": "com.acme.event", "data": {"name": "Zwiebel"}}


def _file(folder: Path, content: str | bytes) -> Path:
    path = folder / "events.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        json.dumps([EVENT, {**EVENT, "id": "2"}]),
        json.dumps(EVENT) + "\n\n" + json.dumps({**EVENT, "id": "2"}) + "\n",
    ],
    ids=["a list", "one a line"],
)
def test_events_are_read_in_their_order(tmp_path: Path, content: str) -> None:
    events = read_event_file(_file(tmp_path, content))

    assert [(event.source, event.source_key, event.event_type) for event in events] == [
        ("crm", "1", "com.acme.event"),
        ("crm", "2", "com.acme.event"),
    ]


def test_one_event_is_read_however_it_is_laid_out(tmp_path: Path) -> None:
    (event,) = read_event_file(_file(tmp_path, json.dumps(EVENT, indent=4)))

    assert event.data == {"name": "Zwiebel"}


@pytest.mark.parametrize(
    "content, told",
    [
        (json.dumps([EVENT, {**EVENT, "id": ""}]), "event 2"),
        (json.dumps(EVENT) + "\n{Zwiebel", "line 2"),
        (b'{"name": "\xff"}', "UTF-8"),
        ("[" * 100_000, "events.json"),
        (json.dumps([EVENT, 7]), "event 2"),
        (json.dumps(EVENT)[:-1] + ', "id": "2"}', "same key twice"),
        (json.dumps({"data": {"name": "Zwiebel"}}), "event 1"),
    ],
    ids=["no id", "half a line", "no UTF-8", "depth", "no object", "a key twice", "no envelope"],
)
def test_what_is_no_event_is_told_by_place_and_nothing_is_taken(
    tmp_path: Path, content: str | bytes, told: str
) -> None:
    with pytest.raises(EventFileError) as refused:
        read_event_file(_file(tmp_path, content))

    assert told in str(refused.value)
    assert "Zwiebel" not in str(refused.value)


def test_a_line_separator_within_a_text_ends_no_line(tmp_path: Path) -> None:
    event = {**EVENT, "data": {"name": "a\u2028b"}}
    content = json.dumps(event, ensure_ascii=False) + "\n" + json.dumps({**EVENT, "id": "2"}) + "\n"
    first, second = read_event_file(_file(tmp_path, content))

    assert first.data == {"name": "a\u2028b"}
    assert second.source_key == "2"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(EventFileError, match="No such file"):
        read_event_file(tmp_path / "nothing.json")
