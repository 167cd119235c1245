"""The call itself: communications whose intent is recorded are given to their channel, and one result comes of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xconnector.contract.channel import Channel, Dispatch, RemembersForAWhile
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError, TransientError
from xconnector.execution.limits import NotNowError
from xconnector.pipeline.devices import with_devices
from xconnector.pipeline.dispatching import dispatches_of
from xconnector.pipeline.providers import Result
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import reading
from xconnector.project.open_connections import is_outage
from xconnector.store import dispatches
from xconnector.store.communications import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """One communication on its way through one channel."""

    standing: Standing
    dispatch_key: str
    is_bound: bool = False
    """Whether it may have arrived there before this hand-over: then it goes nowhere else."""


async def hand_over(
    place: Workplace, name: str, channel: Channel, hand_overs: Sequence[HandOver], *, run: str | None
) -> list[Result]:
    """Call the channel under its limits, and return one result for each hand-over."""
    if not hand_overs:
        return []
    forgotten = await _forgotten(place, name, channel, hand_overs)
    known = [row for row in hand_overs if row.dispatch_key not in forgotten]
    results = iter(await _of_known(place, name, channel, known, run=run))
    return [forgotten.get(row.dispatch_key) or next(results) for row in hand_overs]


async def _forgotten(
    place: Workplace, name: str, channel: Channel, hand_overs: Sequence[HandOver]
) -> Mapping[str, OutcomeUnknownError]:
    """Return what was first tried so long ago that the channel may not know its key again, by dispatch key."""
    if not isinstance(channel, RemembersForAWhile):
        return {}
    async with reading(place.pool) as connection:
        first = await dispatches.first_intended(connection, [row.dispatch_key for row in hand_overs])
    lost = OutcomeUnknownError(
        f"it was first tried longer ago than {name} knows a key again, and may have arrived; look there, then settle it"
    )
    return {key: lost for key, at in first.items() if place.now() - at > channel.remembers_for}


async def _of_known(
    place: Workplace, name: str, channel: Channel, hand_overs: Sequence[HandOver], *, run: str | None
) -> list[Result]:
    built = await dispatches_of(place, [(row.standing, row.dispatch_key) for row in hand_overs], run=run)
    ready = await with_devices(place, name, [dispatch for dispatch in built if isinstance(dispatch, Dispatch)])
    answers = iter(await _call(place, name, channel, ready))
    return [next(answers) if isinstance(row, Dispatch) else row for row in built]


async def _call(place: Workplace, name: str, channel: Channel, ready: Sequence[Dispatch]) -> Sequence[Result]:
    if not ready:
        return []
    error: Result
    try:
        return await place.connections.limited(name).call(
            lambda: channel.send(ready), is_outage=is_outage, counts_as=len(ready)
        )
    except NotNowError as not_now:
        error = not_now
    except TimeoutError:
        late = f"{name} did not answer in time"
        if await place.connections.remembers_dispatches(name):
            error = TransientError(f"{late}; it is tried again under the same key", may_have_arrived=True)
        else:
            error = OutcomeUnknownError(f"{late} and cannot be asked; look there, then settle it")
    except ConnectorError as failed:
        error = failed
    return [error] * len(ready)
