"""A mark that stands on several envelopes is told of the one that is meant, or of none."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from xconnector.connectors.print_house.marks import bundle_number
from xconnector.connectors.print_house.sent_bundles import SentBundles
from xconnector.connectors.print_house.sent_pieces import Says, envelopes_of
from xconnector.connectors.print_house.status_files import Told
from xconnector.connectors.print_house.tracking_reports import events_of
from xconnector.domain.delivery import DeliveryEvent, DeliveryEventType

BARCODE = "00700123456000000007"
SEEN_AT = datetime(2026, 11, 23, tzinfo=UTC)


def told_keys(folder: Path, days_ago: Sequence[int], mark: str, says: Says, names: Sequence[str] = ()) -> list[str]:
    """The dispatch keys of what a mark tells that stands on a letter of each of these bundles."""
    for number, days in enumerate(days_ago):
        sent = SentBundles(folder / "sent", lambda days=days: SEEN_AT - timedelta(days=days))
        lines = [
            {"kind": "bundle", "imbs": [BARCODE, BARCODE]},
            {"kind": "piece", "dispatch_key": f"{days} days ago", "envelope_number": 7, "imb": BARCODE},
        ]
        (folder / "manifest").write_text("".join(json.dumps(line) + "\n" for line in lines))
        sent.remember(names[number] if names else f"bundle-{number}", folder / "manifest")
    sent = SentBundles(folder / "sent", lambda: SEEN_AT)
    event = DeliveryEvent(dispatch_key=mark, type=DeliveryEventType.IN_TRANSIT, occurred_at=SEEN_AT, detail="918")
    found = envelopes_of({mark}, says, sent).get(mark, ())
    return [one.dispatch_key for one in events_of(Told(key=mark, event=event), found, says)]


@pytest.mark.parametrize(
    "days_ago, keys",
    [
        ([60, 50, 3], ["3 days ago"]),
        ([60, 44, -5], ["44 days ago"]),
        ([100], ["100 days ago"]),
        ([100, 50], [f"?{BARCODE}"]),
        ([], [f"?{BARCODE}"]),
    ],
)
def test_a_barcode_means_the_newest_letter_of_the_45_days_before(
    tmp_path: Path, days_ago: Sequence[int], keys: Sequence[str]
) -> None:
    assert told_keys(tmp_path, days_ago, BARCODE, "imb") == keys


def test_a_datamatrix_of_two_bundles_with_one_number_is_nobodys(tmp_path: Path) -> None:
    one, other = two_of_one_number()
    mark = f"{bundle_number(one):06}000007001001"

    assert told_keys(tmp_path, [1], mark, "datamatrix", [one]) == ["1 days ago"]
    assert told_keys(tmp_path, [1, 2], mark, "datamatrix", [one, other]) == [f"?{mark}"]


def two_of_one_number() -> tuple[str, str]:
    """The keys of the first two bundles that are called alike in a DataMatrix."""
    known: dict[int, str] = {}
    for key in map("run-{}".format, count()):
        other = known.setdefault(bundle_number(key), key)
        if other != key:
            return other, key
    raise AssertionError("there are more bundles than numbers")
