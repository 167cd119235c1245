"""Letters by what stands on them: the DataMatrix of a sheet, or the barcode of an envelope."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from xconnector.connectors.print_house.manifest import TRACKING_DIGITS
from xconnector.connectors.print_house.marks import bundle_number
from xconnector.connectors.print_house.sent_bundles import SentBundles

_DATAMATRIX_DIGITS = 12
"""Bundle and letter; which of its sheets was read does not matter."""


class _Line(msgspec.Struct):
    kind: str
    dispatch_key: str = ""
    envelope_number: int = 0
    imb: str | None = None
    imbs: tuple[str, str] | None = None


def dispatch_keys_of(
    marks: Collection[str], says: Literal["datamatrix", "imb"], sent: SentBundles
) -> Mapping[str, Sequence[str]]:
    """Return for each mark that is known the dispatch keys of the letters in that envelope.

    Only the manifests of bundles that can hold one of them are read through.
    """
    by_start = defaultdict[str, list[str]](list)
    for mark in marks:
        by_start[_significant(mark, says)].append(mark)
    found = defaultdict[str, list[str]](list)
    for bundle_key, manifest in sent.manifests():
        if says == "datamatrix":
            number = f"{bundle_number(bundle_key):06}"
            if any(start.startswith(number) for start in by_start):
                _look(manifest, by_start, found, lambda line, number=number: f"{number}{line.envelope_number:06}")
        elif _may_hold(manifest, by_start):
            _look(manifest, by_start, found, lambda line: (line.imb or "")[:TRACKING_DIGITS])
    return found


def _significant(mark: str, says: Literal["datamatrix", "imb"]) -> str:
    return mark[: _DATAMATRIX_DIGITS if says == "datamatrix" else TRACKING_DIGITS]


def _may_hold(manifest: Path, starts: Collection[str]) -> bool:
    """Say whether one of the barcodes lies between a bundle's first and last."""
    with manifest.open("rb") as lines:
        opening = msgspec.json.decode(lines.readline(), type=_Line)
    return opening.imbs is not None and any(opening.imbs[0] <= start <= opening.imbs[1] for start in starts)


def _look(
    manifest: Path,
    wanted: Mapping[str, Sequence[str]],
    found: Mapping[str, list[str]],
    mark_of: Callable[[_Line], str],
) -> None:
    decode = msgspec.json.Decoder(_Line).decode
    with manifest.open("rb") as lines:
        for raw in lines:
            line = decode(raw)
            if line.kind == "piece":
                for mark in wanted.get(mark_of(line), ()):
                    found[mark].append(line.dispatch_key)
