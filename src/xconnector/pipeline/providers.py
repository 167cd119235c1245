"""Providers of one channel: which of them takes what, and what their answers tell of them.

What may have arrived at one provider is given to no other. Only what surely did not leave goes elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from xconnector.contract.channel import Receipt
from xconnector.contract.errors import (
    ConnectorError,
    MisconfiguredError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from xconnector.domain.provider_choice import Share, Tally, share_out
from xconnector.execution.jobs import Attempt
from xconnector.execution.limits import CircuitOpenError, NotNowError
from xconnector.pipeline.retrying import again
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, reading
from xconnector.store import dispatches, ledger, provider_health
from xconnector.store.communications import Standing

Result = Receipt | ConnectorError | NotNowError


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """What one provider of a channel is given now."""

    provider: str
    standings: Sequence[Standing]
    because: str | None = None
    """Why this provider, where there is a choice."""
    is_bound: bool = False
    """Whether it may have arrived there already."""


async def portions_of(
    place: Workplace, attempt: Attempt, channel: str, standings: Sequence[Standing]
) -> tuple[list[Portion], bool]:
    """Return who is given what, and whether some have to wait because no provider may be asked now."""
    async with reading(place.pool) as connection:
        bound = await dispatches.bound(connection, [row.communication_id for row in standings])
    portions = [
        Portion(
            provider=name,
            standings=[row for row in standings if bound.get(row.communication_id) == name],
            is_bound=True,
        )
        for name in sorted(set(bound.values()))
    ]
    free = [row for row in standings if row.communication_id not in bound]
    order = place.providers_of(channel)
    if not free:
        return portions, False
    if len(order) == 1:
        return [*portions, Portion(provider=channel, standings=free)], False
    chosen, has_to_wait = await in_transaction(
        place.pool, lambda connection: _chosen(place, connection, attempt, order, free)
    )
    return [*portions, *chosen], has_to_wait


async def _chosen(
    place: Workplace, connection: Connection, attempt: Attempt, order: Sequence[str], free: Sequence[Standing]
) -> tuple[list[Portion], bool]:
    now = place.now()
    known = await provider_health.hold(connection, order)
    shares = share_out(order, known, len(free), at=now)
    portions: list[Portion] = []
    rest = list(free)
    for share in shares.given:
        portions.append(_portion(share, rest[: share.pieces]))
        rest = rest[share.pieces :]
        if share.is_probe:
            lease = place.limits_of(share.provider).timeout * 2
            await provider_health.keep(connection, share.provider, known[share.provider].probed(now, lease))
    if shares.until is not None:
        await ledger.append(connection, [_waits(row, shares.until, shares.because, now) for row in rest])
        await again(connection, attempt, shares.until)
    return portions, shares.until is not None


def _portion(share: Share, standings: Sequence[Standing]) -> Portion:
    return Portion(provider=share.provider, standings=standings, because=share.because)


def _waits(row: Standing, until: datetime, because: str, now: datetime) -> ledger.Entry:
    return ledger.Entry(
        at=now,
        batch_id=row.batch_id,
        communication_id=row.communication_id,
        event="waits",
        detail={"until": until, "because": because},
    )


async def note_results(
    place: Workplace, channel: str, provider: str, results: Sequence[Result], *, took: timedelta
) -> bool:
    """Note what a call tells of its provider; says whether that is left alone now while another may be asked."""
    order = place.providers_of(channel)
    if len(order) == 1 or provider not in order:
        return False
    limits = place.limits_of(provider)
    is_slow = took > (limits.slow_after or limits.timeout / 4) * max(1, len(results))
    tally = _tally(results, is_slow=is_slow)
    at_once = any(isinstance(result, MisconfiguredError) for result in results)

    async def write(connection: Connection) -> bool:
        now = place.now()
        known = await provider_health.hold(connection, order)
        known[provider] = known[provider].noted(tally, now, alone=limits.leave_alone, at_once=at_once)
        await provider_health.keep(connection, provider, known[provider])
        is_away = known[provider].away_until is not None
        return is_away and any(known[name].away_until is None for name in order)

    return await in_transaction(place.pool, write)


def _tally(results: Sequence[Result], *, is_slow: bool) -> Tally:
    failed = sum(
        isinstance(one, TransientError | MisconfiguredError | OutcomeUnknownError | CircuitOpenError)
        for one in results
    )  # fmt: skip
    well = sum(isinstance(one, Receipt | PermanentError) for one in results)
    return Tally(good=0 if is_slow else well, slow=well if is_slow else 0, failed=failed)


def surely_did_not_leave(result: Result) -> bool:
    """Say whether another provider may be given what this one answered so, had it none of it before."""
    if isinstance(result, TransientError):
        return not result.may_have_arrived
    return isinstance(result, NotNowError | MisconfiguredError)
