"""Whether so many records kept a promise that the feed may go on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from xconnector.domain.volume import Volume

LATEST = 100
"""So many of the latest single records are judged together."""
FEWEST = 20
"""Fewer single records say nothing yet."""
_MOST_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What was seen of the records of a run before anything is made of them."""

    records: int
    bad: int
    """Records that cannot be read, or break their contract."""
    breaches: Mapping[str, int]
    """How they break it, and how many do so."""
    doubles: Mapping[str, int]
    """By path that has another value in every record: how many have one that another has."""


def too_many_bad(records: int, bad: int, share: Decimal) -> bool:
    """Say whether more than a share of records is bad."""
    return bad > records * share


def broken_promise(survey: Survey, *, share: Decimal, volume: Volume | None, earlier: Sequence[int]) -> str | None:
    """Return what a run breaks of what was promised, so that nothing may be made of it; None where it may go on.

    `earlier` are the numbers of records of the latest runs.
    """
    if too_many_bad(survey.records, survey.bad, share):
        return f"{survey.bad:,} of {survey.records:,} records {_how(survey.breaches)}"
    for path, number in survey.doubles.items():
        if number:
            return f"{number:,} of {survey.records:,} records share their {path} with another"
    return None if volume is None else volume.breach(survey.records, earlier)


def _how(breaches: Mapping[str, int]) -> str:
    most = sorted(breaches.items(), key=lambda one: (-one[1], one[0]))[:_MOST_SHOWN]
    return "; ".join(f"{breach} ({number:,})" for breach, number in most) or "cannot be read"
