"""Segments into records: each loop that is one, with everything that stands around it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xconnector.connectors.x12_file.loops import TRANSACTION_SETS, Loop
from xconnector.connectors.x12_file.segments import Segment, read_segments
from xconnector.connectors.x12_file.settings import X12FileSettings
from xconnector.contract.errors import PermanentError
from xconnector.domain.strict_json import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as it stands in the file."""

    number: int
    """Its place among the records of the file, from 1."""
    line: int
    payload: bytes = field(repr=False)
    """The bytes of its own segments."""
    data: Mapping[str, Any] | None = field(repr=False)
    wrong: str = ""
    """Why it is to be set aside, where that is so."""


def read_records(path: Path, settings: X12FileSettings) -> Iterator[Record]:
    """Yield every record of a file, in its order.

    Raises PermanentError naming file, place and remedy where the file as a whole cannot be read, or does not hold what
    its own trailers count.
    """
    try:
        with path.open("rb") as file:
            yield from _Reading(path, settings).records(read_segments(file, path, settings))
    except OSError as unreadable:
        raise PermanentError(f"{path.name} cannot be read: {unreadable.strerror}") from None


@dataclass(slots=True, kw_only=True)
class _Open:
    """A loop that has begun."""

    loop: Loop | None
    """None for the transaction set itself."""
    holds: dict[str, Json] = field(default_factory=dict[str, Json])
    payload: list[bytes] = field(default_factory=list[bytes])
    line: int = 0
    size: int = 0
    wrong: str = ""


class _Reading:
    """One pass over the segments of one file."""

    def __init__(self, path: Path, settings: X12FileSettings) -> None:
        self._path = path
        self._limit = settings.record_limit
        self._number = 0
        self._interchange: dict[str, Json] = {}
        self._group: dict[str, Json] = {}
        self._set: dict[str, Json] = {}
        self._groups = 0
        self._sets = 0
        self._segments = 0
        self._in_set = 0
        self._inside = ""
        # The loops that are open, outermost first; none outside transaction sets.
        self._open: list[_Open] = []

    def records(self, segments: Iterator[Segment]) -> Iterator[Record]:
        last = None
        for segment in segments:
            last = segment
            match segment.name:
                case "ISA" | "GS" | "ST":
                    self._begin(segment)
                case "SE" | "GE" | "IEA":
                    yield from self._end(segment)
                case _:
                    yield from self._take(segment)
        if last is None or self._inside:
            begun = f" inside {self._inside}" if self._inside else ""
            raise PermanentError(
                f"{self._path.name} is cut off{begun} after {self._number} whole records; "
                "ask its maker for a whole file"
            )

    # ------------------------------------------------------------------ envelopes

    def _begin(self, segment: Segment) -> None:
        around = {"ISA": "", "GS": "ISA", "ST": "GS"}[segment.name]
        if self._inside != around:
            raise self._out_of_order(segment)
        if segment.wrong:
            # Everything inside would carry it.
            raise PermanentError(f"{self._path.name}: {segment.wrong}; ask the file's maker for a valid file")
        self._inside = segment.name
        if segment.name == "ISA":
            self._interchange = _interchange(segment)
            self._groups = 0
        elif segment.name == "GS":
            self._group = _group(segment)
            self._groups += 1
            self._sets = 0
        else:
            self._set = {
                "type": segment.text(1),
                "control": segment.text(2),
                "version": segment.text(3) or self._group["version"],
            }
            self._sets += 1
            self._segments = 1
            self._in_set = 0
            self._open = [_Open(loop=None, line=segment.line)]

    def _end(self, segment: Segment) -> Iterator[Record]:
        begun = {"SE": "ST", "GE": "GS", "IEA": "ISA"}[segment.name]
        if self._inside != begun:
            raise self._out_of_order(segment)
        if segment.name == "SE":
            yield from self._close(0)
            yield from self._unread(segment)
            self._segments += 1
            self._compare(segment, self._segments, "segments", self._set["control"])
            self._open = []
        elif segment.name == "GE":
            self._compare(segment, self._sets, "transaction sets", self._group["control"])
        else:
            self._compare(segment, self._groups, "groups", self._interchange["control"])
        self._inside = {"SE": "GS", "GE": "ISA", "IEA": ""}[segment.name]

    def _unread(self, segment: Segment) -> Iterator[Record]:
        kind = str(self._set["type"])
        if kind not in TRANSACTION_SETS:
            self._number += 1
            known = ", ".join(f"{name} ({one.about})" for name, one in TRANSACTION_SETS.items())
            yield Record(
                number=self._number,
                line=segment.line,
                payload=b"",
                data=None,
                wrong=f"line {segment.line}: transaction set {kind[:6]!r} is none that is read: {known}",
            )

    def _compare(self, segment: Segment, counted: int, of: str, control: Json) -> None:
        declared = segment.text(1)
        if not declared.isascii() or not declared.isdigit() or int(declared[:12]) != counted:
            raise PermanentError(
                f"{self._path.name}, segment {segment.number}: {segment.name} does not declare the {counted} {of} "
                "that were read; the file may be cut off or joined: ask its maker for a whole one"
            )
        if segment.text(2) != control:
            raise PermanentError(
                f"{self._path.name}, segment {segment.number}: {segment.name} has another control number than the "
                "header that it ends; two files may have been joined"
            )

    def _out_of_order(self, segment: Segment) -> PermanentError:
        where = f"inside {self._inside}" if self._inside else "outside an interchange"
        return PermanentError(
            f"{self._path.name}, segment {segment.number}: {segment.name[:3]} stands {where}; "
            "ask the file's maker for a whole and valid file"
        )

    # ------------------------------------------------------------------ loops

    def _take(self, segment: Segment) -> Iterator[Record]:
        if self._inside != "ST":
            raise self._out_of_order(segment)
        self._segments += 1
        found = self._begun_by(segment)
        if found is not None:
            depth, loop = found
            yield from self._close(depth + 1)
            self._open.append(_Open(loop=loop, line=segment.line))
        self._keep(segment)

    def _begun_by(self, segment: Segment) -> tuple[int, Loop] | None:
        """Return the loop that a segment begins, and how deep the one that holds it is: the innermost that can."""
        for depth in range(len(self._open) - 1, -1, -1):
            around = self._open[depth].loop
            if around is not None and segment.name in around.keeps:
                return None
            inside = around.loops if around is not None else self._loops_of_set()
            for loop in inside:
                if loop.is_begun_by(segment):
                    return depth, loop
        return None

    def _loops_of_set(self) -> tuple[Loop, ...]:
        known = TRANSACTION_SETS.get(str(self._set["type"]))
        return known.loops if known is not None else ()

    def _keep(self, segment: Segment) -> None:
        here = self._open[-1]
        owner = next((one for one in reversed(self._open) if one.loop is None or not one.loop.is_kept), here)
        owner.size += len(segment.payload)
        owner.wrong = owner.wrong or segment.wrong
        if owner.size > self._limit:
            if owner.loop is None or not owner.loop.is_record:
                raise PermanentError(
                    f"{self._path.name}, segment {segment.number}: more than {self._limit} bytes stand before a "
                    "record; raise `record_limit:` of the connection if the file is right"
                )
            owner.wrong = owner.wrong or f"the record has more than {self._limit} bytes"
            return
        if owner.loop is not None:
            owner.payload.append(segment.payload)
        _add(here.holds, segment.name, segment.fields())

    def _close(self, depth: int) -> Iterator[Record]:
        """Close all loops but the outermost ones; those that are records are given out."""
        while len(self._open) > max(depth, 1):
            closed = self._open.pop()
            if closed.loop is None:
                continue
            if closed.loop.is_record and (not closed.loop.needs or closed.loop.needs in closed.holds):
                yield self._record(closed)
            elif closed.loop.is_kept:
                _add(self._open[-1].holds, closed.loop.name, closed.holds)

    def _record(self, closed: _Open) -> Record:
        self._number += 1
        self._in_set += 1
        around: dict[str, Json] = {}
        wrong = closed.wrong
        for one in self._open:
            wrong = wrong or one.wrong
            if one.loop is not None and not one.loop.is_record:
                around[one.loop.name] = one.holds
        data: dict[str, Json] = {
            "interchange": self._interchange,
            "group": self._group,
            "transaction": {**self._open[0].holds, **self._set},
            **around,
            **closed.holds,
            "number": self._in_set,
        }
        return Record(
            number=self._number,
            line=closed.line,
            payload=b"".join(closed.payload),
            data=None if wrong else data,
            wrong=f"line {closed.line}: {wrong}" if wrong else "",
        )


def _add(holds: dict[str, Json], name: str, value: Json) -> None:
    """Keep a segment or loop; one that comes again makes a list."""
    if name not in holds:
        holds[name] = value
    elif isinstance(earlier := holds[name], list):
        earlier.append(value)
    else:
        holds[name] = [earlier, value]


def _interchange(segment: Segment) -> dict[str, Json]:
    return {
        "sender": segment.text(6).strip(),
        "receiver": segment.text(8).strip(),
        "date": segment.text(9).strip(),
        "time": segment.text(10).strip(),
        "control": segment.text(13).strip(),
        "is_test": segment.text(15).strip() == "T",
    }


def _group(segment: Segment) -> dict[str, Json]:
    return {
        "kind": segment.text(1),
        "sender": segment.text(2),
        "receiver": segment.text(3),
        "date": segment.text(4),
        "time": segment.text(5),
        "control": segment.text(6),
        "version": segment.text(8),
    }
