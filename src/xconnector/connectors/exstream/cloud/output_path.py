"""Where the outputs of a job lie below their mount: a path with places, filled or searched for."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

PLACES = ("domain", "job", "flow", "step")
_PLACE = re.compile(r"\{(\w*)\}")
_NAME = re.compile(r"[A-Za-z0-9_](?:[\w .@+=~-]{0,198}[\w@+=~-])?", re.ASCII)
_LITERAL = re.compile(r"[\w .@+=~-]*", re.ASCII)
_SEPARATORS = re.compile(r"[/\\]+")
_STEPS_UP = frozenset({"..", "."})


def _checked(path: str) -> str:
    for segment in path.split("/"):
        if not segment or segment in _STEPS_UP:
            raise ValueError("write a path below the mount, such as {domain}/jobs/{job}/{flow}/docgen/{step}/output")
        places = _PLACE.findall(segment)
        if unknown := [place for place in places if place not in PLACES]:
            raise ValueError(f"{{{unknown[0]}}} is no place of this path; there are: {', '.join(PLACES)}")
        if not _LITERAL.fullmatch(_PLACE.sub("", segment)):
            raise ValueError(f"{segment!r} has a character that no folder of a job has")
    if sorted(set(_PLACE.findall(path)) & {"job", "flow"}) != ["flow", "job"]:
        raise ValueError("the path needs {job} and {flow}, by which the outputs are told apart")
    return path


OutputPathTemplate = Annotated[str, AfterValidator(_checked)]
"""A path below the mount, with `{domain}`, `{job}`, `{flow}` and `{step}` in it."""


def is_name(name: str) -> bool:
    """Say whether a name that Exstream gives can stand as a folder's name: it leads nowhere else."""
    return _NAME.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Segment:
    """One step of the path: a name, or what its name must look like."""

    name: str | None
    pattern: re.Pattern[str]

    @property
    def names_job(self) -> bool:
        return "job" in self.pattern.groupindex

    def places(self, name: str) -> Mapping[str, str] | None:
        """Return what a folder's name says of the places, or None where it is none of these."""
        found = self.pattern.fullmatch(name)
        return found.groupdict() if found is not None and is_name(name) else None


def segments_of(template: str, known: Mapping[str, str]) -> Sequence[Segment]:
    """Return the steps of the path with the known places filled; the others are searched for.

    Raises ValueError for a name that is none of a folder.
    """
    if unfit := [place for place, name in known.items() if not is_name(name)]:
        raise ValueError(f"the {unfit[0]} has a name that leads elsewhere")
    return [_segment(spelled, known) for spelled in template.split("/")]


def matching(
    steps: Sequence[Segment],
    known: Mapping[str, str],
    folders: Callable[[Sequence[str], Segment], Iterable[str]],
    above: tuple[str, ...] = (),
) -> Iterator[tuple[tuple[str, ...], Mapping[str, str]]]:
    """Yield the folders that lie where the path says, with what their names say of its places.

    `folders` gives the names of those in a folder, for a step that is to be searched for.
    """
    if not steps:
        yield above, known
        return
    step, *deeper = steps
    if step.name is not None:
        yield from matching(deeper, known, folders, (*above, step.name))
        return
    for name in folders(above, step):
        places = step.places(name)
        if places is not None and all(known.get(place, told) == told for place, told in places.items()):
            yield from matching(deeper, {**known, **places}, folders, (*above, name))


def tail_of(name: str, folder: Sequence[str]) -> tuple[str, ...] | None:
    """Return where a file that Exstream names lies below its output folder, or None where that cannot be told.

    The name is a path on a host of Exstream's, whose mount is another than ours. Only what stands behind the output
    folder in it is taken; where the folder is not in it, its last two steps: the queue's folder and the file.
    """
    steps = [step for step in _SEPARATORS.split(name) if step]
    if not steps or any(step in _STEPS_UP or "\0" in step for step in steps):
        return None
    for start in range(len(folder)):
        if (end := _end_of_last(folder[start:], steps)) is not None:
            return tuple(steps[end:]) or None
    return tuple(steps[-2:])


def _segment(spelled: str, known: Mapping[str, str]) -> Segment:
    filled = _PLACE.sub(lambda place: known.get(place[1], place[0]), spelled)
    pattern = "".join(
        f"(?P<{piece}>.+)" if index % 2 else re.escape(piece) for index, piece in enumerate(_PLACE.split(filled))
    )
    return Segment(None if _PLACE.search(filled) else filled, re.compile(pattern))


def _end_of_last(wanted: Sequence[str], steps: Sequence[str]) -> int | None:
    """Return the position behind the last place where these steps stand in a row."""
    length = len(wanted)
    for start in range(len(steps) - length, -1, -1):
        if list(steps[start : start + length]) == list(wanted):
            return start + length
    return None
