"""survey: a run's file is looked through before anything is made of it, where its source promised something."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import Any, TypeAlias

from xconnector.domain.event import BadRecord, SourceRecord
from xconnector.domain.promise_kept import Survey
from xconnector.domain.record_path import PathError, RecordPath, text_of
from xconnector.domain.record_shape import RecordShape, shape_of

_Judge: TypeAlias = Callable[[Mapping[str, Any]], str | None]
_SAMPLE = 500
"""Good and bad records whose shape is noted."""
_MOST_BREACHES = 50
_UNREADABLE = "cannot be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """What was seen, and how the records look."""

    survey: Survey
    good: RecordShape
    bad: RecordShape


def survey(records: Iterable[SourceRecord | BadRecord], unique: Sequence[RecordPath], judge: _Judge) -> Surveyed:
    """Return what records are, judged by what each breaks of its contract.

    Of each value that must be another in every record (`unique`) 8 bytes are kept.
    """
    number = bad = 0
    breaches: Counter[str] = Counter()
    seen = {path.text: array("Q") for path in unique}
    samples: dict[bool, list[Mapping[str, Any]]] = {True: [], False: []}
    for record in records:
        number += 1
        breach = _UNREADABLE if isinstance(record, BadRecord) else judge(record.data)
        if breach is not None:
            bad += 1
            if breach in breaches or len(breaches) < _MOST_BREACHES:
                breaches[breach] += 1
        if isinstance(record, SourceRecord):
            if len(samples[breach is None]) < _SAMPLE:
                samples[breach is None].append(record.data)
            _note(record.data, unique, seen)
    doubles = {path: _doubles(digests) for path, digests in seen.items()}
    return Surveyed(
        survey=Survey(records=number, bad=bad, breaches=breaches, doubles=doubles),
        good=shape_of(samples[True]),
        bad=shape_of(samples[False]),
    )


def _note(record: Mapping[str, Any], unique: Sequence[RecordPath], seen: Mapping[str, "array[int]"]) -> None:
    for path in unique:
        try:
            text = text_of(path.of(record))
        except PathError:
            continue
        if text is not None:
            digest = blake2b(text.encode(errors="replace"), digest_size=8).digest()
            seen[path.text].append(int.from_bytes(digest, "big"))


def _doubles(digests: "array[int]") -> int:
    return sum(one == other for one, other in pairwise(sorted(digests)))
