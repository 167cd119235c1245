"""Which of several providers of a channel takes what leaves: by what was measured of each of them lately.

A provider that fails or is slow too often is left alone, longer each time. Then one piece is given to it, to see, and
after that twice as many with every call that goes well, until it has all of them again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=1)
"""After which what was counted weighs half."""
ENOUGH_FAILED = 3
"""So many that failed, and half of all, and the provider is left alone."""
ENOUGH_SLOW = 5
FULL_AFTER = 6
"""Calls that go well before a provider that was left alone has everything again."""
LONGEST_ALONE = timedelta(minutes=15)
_DOUBLINGS = 10
_WINDOWS_REMEMBERED = 30
SOON = timedelta(seconds=2)
"""After which to ask again where a provider is on its way back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one call told of its provider: how many pieces it took, took slowly, and could not take."""

    good: int = 0
    slow: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        return self.good + self.slow + self.failed

    def halved(self, times: int) -> "Tally":
        """Return what is left of it after so many windows."""
        return Tally(good=self.good >> times, slow=self.slow >> times, failed=self.failed >> times)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(good=self.good + other.good, slow=self.slow + other.slow, failed=self.failed + other.failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What is known of one provider."""

    counted: Tally = Tally()
    counted_from: datetime | None = None
    away_until: datetime | None = None
    """Until when it is left alone; None where it is not."""
    probing: bool = False
    """Whether one piece is with it, to see; when that is not told until `away_until`, another may be."""
    times_away: int = 0
    """How often in a row it was left alone."""
    proven: int | None = None
    """Calls that went well since it was left alone; None where it has everything."""
    because: str | None = None
    """Why it was left alone the last time."""

    def room(self, at: datetime) -> int | None:
        """Return how many pieces it may be given in one call; None where all."""
        if self.away_until is not None:
            return 1 if self.away_until <= at else 0
        return None if self.proven is None else 2**self.proven

    def probed(self, at: datetime, lease: timedelta) -> "Health":
        """Return it with one piece given to it: nobody else gives it one meanwhile."""
        return replace(self, probing=True, away_until=at + lease)

    def noted(self, tally: Tally, at: datetime, *, alone: timedelta, at_once: bool = False) -> "Health":
        """Return what is known after a call.

        Args:
            tally: what the call told; a call that was not made tells nothing.
            at: when.
            alone: how long the provider is left alone the first time.
            at_once: whether it cannot work at all, as with wrong settings.
        """
        if tally.total == 0 or (self.away_until is not None and not self.probing):
            # While it is left alone, what was begun before tells nothing new.
            return self
        if self.away_until is None and self.proven is None:
            return self._counting(tally, at, alone=alone, at_once=at_once)
        why = "it cannot be used" if at_once else _too_bad(tally, enough_failed=1, enough_slow=1)
        if why is not None:
            return self._left_alone(why, tally, at, alone)
        proven = (self.proven or 0) + 1
        if proven > FULL_AFTER:
            return Health(counted=tally, counted_from=at, because=self.because)
        return replace(self, away_until=None, probing=False, proven=proven, counted=tally, counted_from=at)

    def _counting(self, tally: Tally, at: datetime, *, alone: timedelta, at_once: bool) -> "Health":
        began = self.counted_from or at
        windows = max(0, (at - began) // WINDOW)
        counted = self.counted.halved(min(windows, _WINDOWS_REMEMBERED)) + tally
        why = (
            "it cannot be used" if at_once else _too_bad(counted, enough_failed=ENOUGH_FAILED, enough_slow=ENOUGH_SLOW)
        )
        if why is not None:
            return self._left_alone(why, counted, at, alone)
        return replace(self, counted=counted, counted_from=began + windows * WINDOW)

    def _left_alone(self, why: str, counted: Tally, at: datetime, alone: timedelta) -> "Health":
        wait = min(alone * 2 ** min(self.times_away, _DOUBLINGS), max(LONGEST_ALONE, alone))
        return Health(
            counted=counted, counted_from=at, away_until=at + wait, times_away=self.times_away + 1, because=why
        )


def _too_bad(counted: Tally, *, enough_failed: int, enough_slow: int) -> str | None:
    """Return why a provider of which this was counted is to be left alone; None where it is not."""
    if counted.failed >= enough_failed and counted.failed * 2 >= counted.total:
        return f"{counted.failed} of {counted.total} failed"
    if counted.slow >= enough_slow and counted.slow * 2 >= counted.total:
        return f"{counted.slow} of {counted.total} took long"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many pieces one provider is given."""

    provider: str
    pieces: int
    because: str
    is_probe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Who is given how many of some pieces; what is left over waits."""

    given: Sequence[Share]
    left: int
    until: datetime | None
    """When to ask again for those that are left; None where none is."""
    because: str = ""
    """Why they wait."""


def share_out(order: Sequence[str], known: Mapping[str, Health], pieces: int, *, at: datetime) -> Shares:
    """Say which providers, in the order in which they are wanted, take how many of these pieces now."""
    given: list[Share] = []
    passed: list[str] = []
    left = pieces
    for name in order:
        health = known.get(name, Health())
        room = health.room(at)
        taken = left if room is None else min(room, left)
        if taken:
            is_probe = health.away_until is not None
            given.append(Share(provider=name, pieces=taken, because=_why(name, health, passed), is_probe=is_probe))
        passed.append(_how_it_is(name, health))
        left -= taken
    if not left:
        return Shares(given=given, left=0, until=None)
    return Shares(given=given, left=left, until=_ask_again(order, known, at), because="; ".join(passed))


def _why(name: str, health: Health, passed: Sequence[str]) -> str:
    if health.away_until is not None:
        return f"{name} was left alone and is tried with one piece"
    if health.proven is not None:
        return f"{name} comes back slowly, after {health.proven} calls that went well"
    return "; ".join(passed) if passed else f"{name} is the first and well"


def _how_it_is(name: str, health: Health) -> str:
    if health.away_until is not None:
        return f"{name} is left alone until {health.away_until:%H:%M:%S} UTC: {health.because}"
    if health.proven is not None:
        return f"{name} comes back slowly"
    return f"{name} is well"


def _ask_again(order: Sequence[str], known: Mapping[str, Health], at: datetime) -> datetime:
    """Return when one of providers that have no room now may have some."""
    times = [known[name].away_until if name in known else None for name in order]
    return min(time if time is not None and time > at + SOON else at + SOON for time in times)
