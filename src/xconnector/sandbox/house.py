"""A print house that checks, prints, and acknowledges the bundles that are laid down in its folder.

It takes a bundle when `<bundle>.done` appears, moves what it took to `processed/`, and never prints a
bundle twice. Whatever it does can be repeated after it was killed.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf

Line = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Conduct:
    """How the house behaves just now."""

    slow: float = 0.0
    """Seconds before a bundle is looked at."""
    down: bool = False
    reject_next: int = 0
    """How many bundles are rejected from now on, whatever they hold."""
    lose_acks: bool = False
    ack_twice: bool = False
    reject_bundles_with_country: frozenset[str] = frozenset()
    reject_pieces_with_country: frozenset[str] = frozenset()
    reject_nth: int = 0
    """The bundle that is rejected, counted from 1; 0 for none."""
    reject_pieces: frozenset[str] = frozenset()
    """Dispatch keys."""
    report_pieces: bool = False
    """Say of each letter that it was mailed."""


class RejectedBundleError(Exception):
    """The bundle is not printed; the message is the house's code word for the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidDownBundle:
    """A bundle as its manifest describes it."""

    key: str
    opening: Line
    pieces: Sequence[Line]
    closing: Line


@dataclass(slots=True, kw_only=True)
class House:
    """Works off the triggers in a folder."""

    folder: Path
    conduct: Conduct
    _seen: set[str] = field(init=False)
    """Keys of the bundles that were printed or rejected."""
    _again: list[tuple[str, list[Line]]] = field(init=False, default_factory=list[tuple[str, list[Line]]])

    def __post_init__(self) -> None:
        for folder in (self.processed, self.acks):
            folder.mkdir(parents=True, exist_ok=True)
        self._seen = {str(line["bundle"]) for line in (*_read_lines(self.arrivals), *_read_lines(self.rejections))}

    @property
    def processed(self) -> Path:
        return self.folder / "processed"

    @property
    def acks(self) -> Path:
        return self.folder / "acks"

    @property
    def arrivals(self) -> Path:
        """One line for each printed letter, and one for each bundle that came again."""
        return self.folder / "arrivals.jsonl"

    @property
    def rejections(self) -> Path:
        """One line for each bundle that was not printed."""
        return self.folder / "rejections.jsonl"

    def waiting(self) -> list[Path]:
        """Return the triggers that lie there, oldest name first."""
        return sorted(path for path in self.folder.glob("*.done") if not path.name.startswith("."))

    def work_off(self, trigger: Path) -> None:
        """Take the bundle of a trigger: print and acknowledge it, reject it, or put it down as come again."""
        bundle_key = trigger.name.removesuffix(".done")
        if (self.processed / trigger.name).exists():
            self._put_down_as_repeated(bundle_key, trigger)
            return
        try:
            bundle = _read_bundle(self.folder, bundle_key, trigger)
            self._consider(bundle)
        except RejectedBundleError as rejection:
            self._reject(bundle_key, str(rejection))
            acknowledgement = [_acknowledgement(bundle_key, "rejected", str(rejection))]
        else:
            self._print(bundle)
            acknowledgement = self._acknowledgement_of(bundle)
        self._take(bundle_key, trigger)
        self._acknowledge(bundle_key, acknowledgement)

    def acknowledge_again(self) -> None:
        """Lay down second acknowledgements as soon as the first ones were taken."""
        for bundle_key, lines in list(self._again):
            if not self._acknowledgement_file(bundle_key).exists():
                self._lay_down(bundle_key, lines)
                self._again.remove((bundle_key, lines))

    def _put_down_as_repeated(self, bundle_key: str, trigger: Path) -> None:
        _append(self.arrivals, [{"bundle": bundle_key, "duplicate": True}])
        for path in self._files_of(bundle_key):
            path.unlink()
        trigger.unlink()

    def _consider(self, bundle: LaidDownBundle) -> None:
        conduct = self.conduct
        if bundle.key in self._seen:
            # It was killed between printing and taking: what was decided stands.
            return
        if conduct.reject_next > 0:
            conduct.reject_next -= 1
            raise RejectedBundleError("order")
        if len(self._seen) + 1 == conduct.reject_nth:
            raise RejectedBundleError("order")
        if any(piece["country"] in conduct.reject_bundles_with_country for piece in bundle.pieces):
            raise RejectedBundleError("capacity")

    def _print(self, bundle: LaidDownBundle) -> None:
        if bundle.key in self._seen:
            return
        self._seen.add(bundle.key)
        printed = [piece for piece in bundle.pieces if not self._rejects(piece)]
        _append(self.arrivals, [{"bundle": bundle.key, **piece} for piece in printed])

    def _reject(self, bundle_key: str, reason: str) -> None:
        if bundle_key not in self._seen:
            self._seen.add(bundle_key)
            _append(self.rejections, [{"bundle": bundle_key, "reason": reason}])

    def _rejects(self, piece: Line) -> bool:
        return (
            piece["country"] in self.conduct.reject_pieces_with_country
            or piece["dispatch_key"] in self.conduct.reject_pieces
        )

    def _acknowledgement_of(self, bundle: LaidDownBundle) -> list[Line]:
        lines = [_acknowledgement(bundle.key, "accepted")]
        for piece in bundle.pieces:
            if self._rejects(piece):
                lines.append(_acknowledgement(bundle.key, "rejected", "address", piece))
            elif self.conduct.report_pieces:
                lines.append(_acknowledgement(bundle.key, "mailed", "", piece))
        return lines

    def _take(self, bundle_key: str, trigger: Path) -> None:
        """Move everything away, the trigger last: there is a trace of the bundle at every moment."""
        for path in self._files_of(bundle_key):
            path.replace(self.processed / path.name)
        trigger.replace(self.processed / trigger.name)

    def _files_of(self, bundle_key: str) -> list[Path]:
        """Return parts, manifest, and totals; found by their names, for the manifest may be damaged."""
        name = re.compile(
            rf"{re.escape(bundle_key)}(-p\d+\.pdf|\.manifest\.jsonl|\.totals\.json|\.(?!done$)[a-z0-9]+)(\.pgp)?"
        )
        return [path for path in self.folder.iterdir() if name.fullmatch(path.name)]

    def _acknowledge(self, bundle_key: str, lines: list[Line]) -> None:
        if self.conduct.lose_acks:
            return
        self._lay_down(bundle_key, lines)
        if self.conduct.ack_twice:
            self._again.append((bundle_key, lines))

    def _lay_down(self, bundle_key: str, lines: list[Line]) -> None:
        path = self._acknowledgement_file(bundle_key)
        written = path.with_name(f".{path.name}.part")
        written.write_bytes(_encoded(lines))
        written.replace(path)

    def _acknowledgement_file(self, bundle_key: str) -> Path:
        return self.acks / f"{bundle_key}.ack.jsonl"


def _acknowledgement(bundle_key: str, status: str, reason: str = "", piece: Line | None = None) -> Line:
    line: Line = {"bundle": bundle_key, "status": status, "at": datetime.now(UTC).isoformat()}
    if reason:
        line["reason"] = reason
    if piece is not None:
        line["dispatch_key"] = piece["dispatch_key"]
    return line


def _read_bundle(folder: Path, bundle_key: str, trigger: Path) -> LaidDownBundle:
    """Return the bundle after checking everything that its trigger and manifest promise."""
    try:
        manifest = folder / str(json.loads(trigger.read_bytes())["manifest"])
        if _digest(manifest) != json.loads(trigger.read_bytes())["sha256"]:
            raise RejectedBundleError("hash")
        opening, *pieces, closing = _read_lines(manifest)
        bundle = LaidDownBundle(key=bundle_key, opening=opening, pieces=pieces, closing=closing)
        _check_totals(bundle)
        for part in opening["parts"]:
            _check_part(folder, part, [piece for piece in pieces if piece["part"] == part["name"]])
    except (KeyError, ValueError, OSError, pikepdf.PdfError) as error:
        raise RejectedBundleError("damaged") from error
    return bundle


def _check_totals(bundle: LaidDownBundle) -> None:
    for total in (bundle.opening, bundle.closing):
        if total["pieces"] != len(bundle.pieces) or any(
            total[counted] != sum(piece[counted] for piece in bundle.pieces) for counted in ("pages", "sheets")
        ):
            raise RejectedBundleError("page_count")
    if bundle.opening["bundle"] != bundle.key:
        raise RejectedBundleError("order")


def _check_part(folder: Path, part: Line, pieces: Sequence[Line]) -> None:
    path = folder / str(part["name"])
    if path.stat().st_size != part["bytes"] or _digest(path) != part["sha256"]:
        raise RejectedBundleError("hash")
    next_page = 1
    for piece in pieces:
        if piece["first_page"] != next_page:
            raise RejectedBundleError("page_count")
        next_page += int(piece["pages"])
    with pikepdf.open(path) as pdf:
        if not len(pdf.pages) == part["pages"] == next_page - 1:
            raise RejectedBundleError("page_count")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_lines(path: Path) -> list[Line]:
    if not path.exists():
        return []
    whole, _, _torn = path.read_bytes().rpartition(b"\n")
    return [json.loads(line) for line in whole.splitlines()]


def _append(path: Path, lines: Iterable[Line]) -> None:
    with path.open("ab") as file:
        file.write(_encoded(lines))
        file.flush()
        os.fsync(file.fileno())


def _encoded(lines: Iterable[Line]) -> bytes:
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)
