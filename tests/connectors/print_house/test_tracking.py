"""Status files: columns are configuration, an unknown code is kept, and one bad row does not hide the rest."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.print_house.letters import bundle_of, piece
from tests.connectors.print_house.test_handover import opened
from xconnector.connectors.print_house.marks import Sheet, bundle_number, datamatrix_text
from xconnector.connectors.print_house.status_files import SpoiltRow, Told, read
from xconnector.connectors.print_house.tracking import StatusFiles
from xconnector.contract.errors import PermanentError
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType, DeliveryReason

PIECES = [piece(1), piece(2)]
FEED: Mapping[str, Any] = {
    "name": "post",
    "key": {"column": "piece"},
    "status": {"column": "op", "words": {"918": "out_for_delivery", "R": "returned"}},
    "reason": {"column": "why", "words": {"REF": "refused_by_recipient"}},
    "at": {"column": "at", "format": "%m/%d/%Y %H:%M", "time_zone": "America/New_York"},
}
HEADER = "piece,op,why,at\n"


async def reported(project: Path, feed: Mapping[str, Any], **files: str) -> list[DeliveryEvent]:
    folder = project / "print" / "tracking"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    events: list[DeliveryEvent] = []
    async with opened(project, tracking=[feed]) as channel:
        await channel.send_bundle(bundle_of(PIECES), iter(PIECES))
        async for inbound in channel.reports():
            events += inbound.item
            await inbound.ack()
    return events


async def test_a_row_is_told_in_our_words_at_its_own_time(tmp_path: Path) -> None:
    (event,) = await reported(tmp_path, FEED, a=f"{HEADER}dispatch-1,918,,11/23/2026 09:30\n")

    assert (event.dispatch_key, event.type) == ("dispatch-1", DeliveryEventType.OUT_FOR_DELIVERY)
    assert event.occurred_at == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    assert (tmp_path / "print" / "tracking" / "done" / "a.csv").exists()


async def test_an_unknown_code_is_kept_and_never_lost(tmp_path: Path) -> None:
    (event,) = await reported(tmp_path, FEED, a=f"{HEADER}dispatch-1,X7,,11/23/2026 09:30\n")

    assert (event.type, event.detail) == (DeliveryEventType.UNKNOWN, "post: X7")
    assert json.loads(event.raw)["row"]["op"] == "X7"


async def test_a_returned_letter_says_why_and_ends_its_hop(tmp_path: Path) -> None:
    content = f"{HEADER}dispatch-1,R,,11/23/2026 09:30\ndispatch-2,R,REF,11/23/2026 09:30\n"

    events = await reported(tmp_path, FEED, a=content)

    assert [(event.reason, event.final) for event in events] == [
        (DeliveryReason.ADDRESS, True),
        (DeliveryReason.OTHER, True),
    ]


async def test_a_scanned_sheet_names_its_letter_in_columns_of_fixed_width(tmp_path: Path) -> None:
    sheet = Sheet(bundle_number=bundle_number("run-7-1"), sequence=2, number=1, of=1)
    feed = {
        "name": "returns",
        "fixed": {"mark": {"start": 1, "length": 18}},
        "key": {"column": "mark", "says": "datamatrix"},
        "status": {"always": "returned"},
    }

    known, unknown = await reported(tmp_path, feed, a=f"{datamatrix_text(sheet)}\n{'9' * 18}\n")

    assert known.dispatch_key == "dispatch-2"
    assert unknown.dispatch_key == f"?{'9' * 18}"


async def test_a_new_address_is_kept_as_a_proposal_and_told_nowhere(tmp_path: Path) -> None:
    feed = {**FEED, "status": {"always": "forwarded"}, "new_address": {"line": "op", "city": "why"}}

    (event,) = await reported(tmp_path, feed, a=f"{HEADER}dispatch-1,Neue Gasse 1,Ulm,11/23/2026 09:30\n")

    assert json.loads(event.raw)["new_address"] == {"line": "Neue Gasse 1", "city": "Ulm"}
    assert "Gasse" not in f"{event!r}"


async def test_one_bad_row_is_told_and_the_rest_counts(tmp_path: Path) -> None:
    content = f"{HEADER}dispatch-1,918,,yesterday\ndispatch-2,918,,11/23/2026 09:30\n"

    with pytest.raises(PermanentError, match="1 rows"):
        await reported(tmp_path, FEED, a=content)

    aside = tmp_path / "print" / "tracking" / "set-aside"
    assert (aside / "a.csv.reason.txt").read_text() == "line 2: column at is no time as the settings write it\n"
    assert (aside / "a.csv").read_text() == content


async def test_a_file_without_the_columns_is_set_aside_and_hides_no_other(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"a\.csv: there is no column op"):
        await reported(tmp_path, FEED, a="piece,why,at\n", b=f"{HEADER}dispatch-1,918,,11/23/2026 09:30\n")

    assert (tmp_path / "print" / "tracking" / "done" / "b.csv").exists()


CELLS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=12)


@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=20))
def test_every_row_gives_a_report_or_a_reason(rows: Sequence[tuple[str, ...]]) -> None:
    written = io.StringIO()
    csv.writer(written).writerows([HEADER.strip().split(","), *rows])

    told = list(read(written.getvalue().encode(), StatusFiles.model_validate(FEED), written_at=None))

    assert len(told) == sum(any(cell.strip() for cell in row) for row in rows)
    assert all(isinstance(each, Told | SpoiltRow) for each in told)


@given(content=st.binary(max_size=300))
def test_no_bytes_break_the_reader_otherwise_than_by_a_reason(content: bytes) -> None:
    files = StatusFiles.model_validate({**FEED, "header": ["piece", "op", "why", "at"]})
    try:
        told = list(read(content, files, written_at=None))
    except ValueError:
        return
    assert all(isinstance(each, Told | SpoiltRow) for each in told)
