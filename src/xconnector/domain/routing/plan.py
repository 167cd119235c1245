"""Delivery plans: hops in order with their waiting times and proof of mailing, or the reason for not sending."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum


class Medium(StrEnum):
    """By which way a channel reaches people. Laws and consents speak of media, plans of connections."""

    PRINT = "print"
    EMAIL = "email"
    SMS = "sms"
    PORTAL = "portal"
    PUSH = "push"


class EnvelopeSharing(StrEnum):
    """With which others a letter may lie in one envelope."""

    NONE = "none"
    CUSTOMER = "customer"
    """With letters for the same customer at the same address."""
    ADDRESS = "address"
    """With letters for anybody at the same address: they may see it."""


class ProofOfMailing(StrEnum):
    """What the post gives in hand, from the weakest to the strongest."""

    CERTIFICATE = "certificate of mailing"
    """That it was posted."""
    TRACKED = "tracked"
    """And where it is."""
    CERTIFIED = "certified"
    """And that somebody took it in."""
    REGISTERED = "registered"
    """And everybody who had it in hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One channel of a plan, named by its connection."""

    connection: str
    wait: timedelta | None = None
    """How long it may stay unseen there before the next hop is taken; None waits for a bounce or refusal only."""
    proof: ProofOfMailing | None = None
    """What is asked of the post."""
    cost: Decimal | None = None
    """What one piece costs, in the project's currency; None where no table says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPlan:
    """Channels in order: the first is tried first, a bounce or refusal takes the next."""

    hops: tuple[Hop, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A deliberate decision not to send."""

    reason: str
