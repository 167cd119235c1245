"""What a cell of `then route` says.

email, print                            in this order
email or portal, print                  of the first two the cheaper first
portal for 5 days, print                unseen for five days, it goes on
print with certificate of mailing       asked of the post
suppress: no consent                    nothing is sent, and why
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from xconnector.domain.routing.plan import ProofOfMailing, Suppression

_MOST_REMEMBERED = 4096
_SUPPRESS = "suppress:"
_NAME = r"[A-Za-z][A-Za-z0-9_-]*"
_CHOICE = rf"(?P<choice>{_NAME}(?: or {_NAME})*)"
_WAIT = r"(?: for (?P<count>\d{1,4}) (?P<unit>minute|hour|day)s?)?"
_HOP = re.compile(rf"{_CHOICE}{_WAIT}(?: with (?P<proof>.+))?")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_PROOFS = ", ".join(ProofOfMailing)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedHop:
    """One connection, or several of which the cheaper comes first."""

    choices: tuple[str, ...]
    """Connections, in written order."""
    wait: timedelta | None = None
    """How long it may stay unseen there; None waits for a bounce or refusal only."""
    proof: ProofOfMailing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What the routing table wishes, before anything is taken away."""

    hops: tuple[ProposedHop, ...]

    @property
    def connections(self) -> tuple[str, ...]:
        """Every connection in written order, each once."""
        return tuple(name for hop in self.hops for name in hop.choices)


@lru_cache(maxsize=_MOST_REMEMBERED)
def proposal_of(cell: str) -> Proposal | Suppression:
    """Return what a cell means.

    Raises ValueError saying what to write.
    """
    if cell.startswith(_SUPPRESS):
        reason = cell.removeprefix(_SUPPRESS).strip()
        if not reason:
            raise ValueError("write the reason behind it, such as suppress: no consent")
        return Suppression(reason=reason)
    proposal = Proposal(hops=tuple(_hop(" ".join(word.split())) for word in cell.split(",")))
    if len(set(proposal.connections)) != len(proposal.connections):
        raise ValueError("write connections in order, each once, such as email, print, or suppress: reason")
    return proposal


def spelled(proposed: Proposal | Suppression) -> str:
    """Return the one canonical spelling, which `proposal_of` reads as the same."""
    if isinstance(proposed, Suppression):
        return f"{_SUPPRESS} {proposed.reason}"
    return ", ".join(_spelled_hop(hop) for hop in proposed.hops)


def spelled_wait(wait: timedelta) -> str:
    """Return a waiting time in the largest unit that tells it in whole numbers: `5 days`, `36 hours`."""
    for unit in ("day", "hour"):
        count, rest = divmod(wait, _UNITS[unit])
        if count and not rest:
            return _counted(count, unit)
    return _counted(wait // _UNITS["minute"], "minute")


def _hop(text: str) -> ProposedHop:
    found = _HOP.fullmatch(text)
    if found is None:
        raise ValueError(
            "write connections in order, such as email or portal for 5 days, print with certificate of mailing, "
            "or suppress: reason"
        )
    return ProposedHop(choices=tuple(found["choice"].split(" or ")), wait=_wait(found), proof=_proof(found["proof"]))


def _wait(found: re.Match[str]) -> timedelta | None:
    if found["count"] is None:
        return None
    wait = int(found["count"]) * _UNITS[found["unit"]]
    if not wait:
        raise ValueError("write how long to wait, such as for 5 days; without it only a bounce goes on")
    return wait


def _proof(word: str | None) -> ProofOfMailing | None:
    if word is None:
        return None
    try:
        return ProofOfMailing(word)
    except ValueError:
        raise ValueError(f"write the proof of mailing as one of {_PROOFS}") from None


def _spelled_hop(hop: ProposedHop) -> str:
    wait = "" if hop.wait is None else f" for {spelled_wait(hop.wait)}"
    proof = "" if hop.proof is None else f" with {hop.proof}"
    return f"{' or '.join(hop.choices)}{wait}{proof}"


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
