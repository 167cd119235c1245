"""Names of files that Exstream's side takes or leaves, as a project declares them with places in braces."""

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

SUFFIXES = {"pdf": "application/pdf", "html": "text/html", "eml": "message/rfc822", "txt": "text/plain"}
"""What a result is, by how its file's name ends."""

_PLACE = re.compile(r"\{([^{}]*)\}")
_STEPS = frozenset({"", ".", ".."})
_MATCHED = {
    "key": "(?P<key>.+?)",
    "suffix": f"(?P<suffix>{'|'.join(SUFFIXES)})",
}


def _checked(pattern: str, *, needed: frozenset[str], allowed: frozenset[str]) -> str:
    places = _PLACE.findall(pattern)
    folder, _, name = pattern.rpartition("/")
    if re.search(r"[{}]", _PLACE.sub("", pattern)) or not set(places) <= allowed:
        raise ValueError(f"may have no other places than {_spelled(allowed)}")
    if not needed <= set(places):
        raise ValueError(f"needs {_spelled(needed)}")
    if len(places) - places.count("submission") != len(set(places) - {"submission"}):
        raise ValueError("may name a place but {submission} once only")
    if not set(_PLACE.findall(folder)) <= {"submission"}:
        raise ValueError("may have only {submission} in the names of folders")
    if _STEPS & {*folder.split("/")[: folder.count("/") + bool(folder)], name}:
        raise ValueError("must be a path below the folder")
    return pattern


def _spelled(places: frozenset[str]) -> str:
    return " and ".join(f"{{{place}}}" for place in sorted(places))


def _input_name(pattern: str) -> str:
    if "/" in pattern:
        raise ValueError("is a name and no path")
    return _checked(pattern, needed=_SUBMISSION, allowed=_SUBMISSION)


def _path_of_submission(pattern: str) -> str:
    return _checked(pattern, needed=_SUBMISSION, allowed=_SUBMISSION)


def _path_of_customer(pattern: str) -> str:
    return _checked(
        pattern, needed=frozenset({"submission", "key"}), allowed=frozenset({"submission", "queue", *_MATCHED})
    )


_SUBMISSION = frozenset({"submission"})
_Name = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f\\*?\[\]]+$")]

InputName = Annotated[_Name, AfterValidator(_input_name)]
"""A file name with `{submission}` in it."""
SubmissionPath = Annotated[_Name, AfterValidator(_path_of_submission)]
"""A path with `{submission}` in it, below a folder."""
CustomerPath = Annotated[_Name, AfterValidator(_path_of_customer)]
"""A path with `{submission}` and `{key}` in it, perhaps also `{queue}` and `{suffix}`, below a folder."""


def path_of(pattern: str, submission_key: str) -> str:
    """Return the path that a pattern without other places means for a submission."""
    return pattern.replace("{submission}", submission_key)


def folder_of(pattern: str, submission_key: str) -> str:
    """Return the folder, below the results' folder, in which the files of a submission lie."""
    return path_of(pattern, submission_key).rpartition("/")[0]


def names_of(pattern: str, submission_key: str, queues: Iterable[str]) -> re.Pattern[str]:
    """Return what the names of a submission's files look like that come from one of these queues.

    Where a name could be read in two ways, its queue is the longest: a key seldom has a queue's name in it.
    """
    name = path_of(pattern, submission_key).rpartition("/")[2]
    longest_first = sorted(queues, key=len, reverse=True)
    matched = {**_MATCHED, "queue": f"(?P<queue>{'|'.join(map(re.escape, longest_first))})"}
    return re.compile(
        "".join(matched[part] if number % 2 else re.escape(part) for number, part in enumerate(_PLACE.split(name)))
    )
