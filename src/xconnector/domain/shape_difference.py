"""What is otherwise in records than it was: fields that vanished, came new, or changed their kind."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from xconnector.domain.record_shape import Kind, RecordShape


class ChangeOfShape(StrEnum):
    """What became of a path."""

    VANISHED = "vanished"
    NEW = "new"
    OTHER_KIND = "other kind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One path that is otherwise."""

    path: str
    change: ChangeOfShape
    was: str
    """The kinds that stood there; empty where there was nothing."""
    now: str
    records: int
    """In how many of the records it is so."""
    of: int

    @property
    def is_harmless(self) -> bool:
        """Whether what reads the records need not know: something came that nobody reads yet."""
        return self.change is ChangeOfShape.NEW


def changes_between(before: RecordShape, now: RecordShape) -> tuple[Change, ...]:
    """Return what is otherwise in records than in those before; nothing where one side has no records.

    A path vanished where all records before had it and some have it no more; below one that vanished or is new, nothing
    further is told.
    """
    if not before.records or not now.records:
        return ()
    found = [*_vanished(before, now), *_new_or_other(before, now)]
    return tuple(_topmost(sorted(found, key=lambda one: one.path)))


def _vanished(before: RecordShape, now: RecordShape) -> Iterator[Change]:
    for path, kinds in before.paths.items():
        missing = now.records - now.having(path)
        # Items of lists may be none in any record.
        if missing > 0 and before.having(path) == before.records and "[*]" not in path:
            yield Change(
                path=path,
                change=ChangeOfShape.VANISHED,
                was=_spelled(kinds),
                now="",
                records=missing,
                of=now.records,
            )


def _new_or_other(before: RecordShape, now: RecordShape) -> Iterator[Change]:
    for path, kinds in now.paths.items():
        known = before.paths.get(path)
        if known is None:
            change, others = ChangeOfShape.NEW, kinds
        else:
            change, others = ChangeOfShape.OTHER_KIND, {kind: kinds[kind] for kind in kinds if not _fits(kind, known)}
        if others:
            yield Change(
                path=path,
                change=change,
                was=_spelled(known or {}),
                now=_spelled(others),
                records=max(others.values()),
                of=now.records,
            )


def _fits(kind: Kind, known: Mapping[Kind, int]) -> bool:
    return kind in known or (kind is Kind.INTEGER and Kind.NUMBER in known)


def _spelled(kinds: Iterable[Kind]) -> str:
    return ", ".join(sorted(kinds))


def _topmost(changes: Iterable[Change]) -> Iterator[Change]:
    """Yield changes in the order of their paths, without those below one that came or went as a whole."""
    whole: str | None = None
    for change in changes:
        if whole is not None and change.path.startswith((f"{whole}.", f"{whole}[")):
            continue
        if change.change is not ChangeOfShape.OTHER_KIND:
            whole = change.path
        yield change
