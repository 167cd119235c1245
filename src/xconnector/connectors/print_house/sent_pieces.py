"""Letters by what stands on them: the DataMatrix of a sheet, or the barcode of an envelope."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from xconnector.connectors.print_house.manifest import TRACKING_DIGITS
from xconnector.connectors.print_house.marks import bundle_number
from xconnector.connectors.print_house.sent_bundles import SentBundles

Says = Literal["datamatrix", "imb"]
_DATAMATRIX_DIGITS = 12
"""Bundle and letter; which of its sheets was read does not matter."""
_UNIQUE_FOR = timedelta(days=45)
"""For so long USPS wants a barcode to be one piece's alone; afterwards another may bear it."""
_CLOCKS_DIFFER = timedelta(days=1)
"""By how much a scan may seem to be older than the letter: a feed may tell days alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An envelope that bears a mark."""

    handed_over_at: datetime
    dispatch_keys: Sequence[str]
    """Of the letters in it."""


class _Line(msgspec.Struct):
    kind: str
    dispatch_key: str = ""
    envelope_number: int = 0
    imb: str | None = None
    imbs: tuple[str, str] | None = None


def envelopes_of(marks: Collection[str], says: Says, sent: SentBundles) -> Mapping[str, Sequence[Envelope]]:
    """Return for each mark that is known the envelopes that bear it, one of each bundle.

    Only the manifests of bundles that can hold one of them are read through.
    """
    by_start = defaultdict[str, list[str]](list)
    for mark in marks:
        by_start[_significant(mark, says)].append(mark)
    found = defaultdict[str, list[Envelope]](list)
    for bundle in sent.bundles():
        letters: Mapping[str, Sequence[str]] = {}
        if says == "datamatrix":
            number = f"{bundle_number(bundle.key):06}"
            if any(start.startswith(number) for start in by_start):
                letters = _letters(bundle.manifest, by_start, lambda line, n=number: f"{n}{line.envelope_number:06}")
        elif _may_hold(bundle.manifest, by_start):
            letters = _letters(bundle.manifest, by_start, lambda line: (line.imb or "")[:TRACKING_DIGITS])
        for mark, keys in letters.items():
            found[mark].append(Envelope(handed_over_at=bundle.handed_over_at, dispatch_keys=keys))
    return found


def meant(envelopes: Sequence[Envelope], says: Says, *, at: datetime) -> Envelope | None:
    """Return which of the envelopes that bear a mark was seen at a time; None where that cannot be told.

    A barcode comes again after weeks: of several, the newest is meant that left within the 45 days before. A
    DataMatrix names its bundle by a number of six digits, which two bundles may share: then nobody can tell.
    """
    if len(envelopes) <= 1:
        return next(iter(envelopes), None)
    if says == "datamatrix":
        return None
    near = [one for one in envelopes if at - _UNIQUE_FOR <= one.handed_over_at <= at + _CLOCKS_DIFFER]
    return max(near, key=lambda one: one.handed_over_at, default=None)


def _significant(mark: str, says: Says) -> str:
    return mark[: _DATAMATRIX_DIGITS if says == "datamatrix" else TRACKING_DIGITS]


def _may_hold(manifest: Path, starts: Collection[str]) -> bool:
    """Say whether one of the barcodes lies between a bundle's first and last."""
    with manifest.open("rb") as lines:
        opening = msgspec.json.decode(lines.readline(), type=_Line)
    return opening.imbs is not None and any(opening.imbs[0] <= start <= opening.imbs[1] for start in starts)


def _letters(
    manifest: Path, wanted: Mapping[str, Sequence[str]], mark_of: Callable[[_Line], str]
) -> Mapping[str, Sequence[str]]:
    """Return by mark the letters of a bundle whose envelope bears it."""
    found = defaultdict[str, list[str]](list)
    decode = msgspec.json.Decoder(_Line).decode
    with manifest.open("rb") as lines:
        for raw in lines:
            line = decode(raw)
            if line.kind == "piece":
                for mark in wanted.get(mark_of(line), ()):
                    found[mark].append(line.dispatch_key)
    return found
