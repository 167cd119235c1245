"""Carrying a submission out as the pipeline does: submit, look or search again and again, read what was made."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError, TransientError
from xconnector.contract.submission import ComposesSubmissions, Submission, SubmissionOutcome, SubmissionReceipt

_LONGEST = timedelta(seconds=60)
_SHORTEST_PAUSE = timedelta(milliseconds=50)
_LONGEST_PAUSE = timedelta(milliseconds=500)

T = TypeVar("T")
Key = str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A submission's end, with its stream read."""

    results: Mapping[Key, Composition | ConnectorError]
    left_out: ConnectorError
    detail: Mapping[str, str] = field(default_factory=dict[str, str])


def a_submission(orders: Sequence[Order], name: str = "run-1") -> Submission:
    """Return a submission of these orders."""
    return Submission(
        submission_key=name,
        template=orders[0].template,
        orders=len(orders),
        created_at=datetime.now(UTC),
        run="run",
    )


async def streamed(orders: Sequence[Order]) -> AsyncIterator[Order]:
    """Give orders one by one."""
    for order in orders:
        yield order


async def carried_out(composer: ComposesSubmissions, orders: Sequence[Order], name: str = "run-1") -> Ended:
    """Submit orders and return what became of them."""
    submission = a_submission(orders, name)
    receipt = await composer.submit(submission, streamed(orders))
    return await ended_of(composer, submission, receipt)


async def ended_of(composer: ComposesSubmissions, submission: Submission, receipt: SubmissionReceipt) -> Ended:
    """Look at a submission until it has ended, and read its stream."""
    return await read_to_its_end(await outcome_of(composer, submission, receipt))


async def outcome_of(
    composer: ComposesSubmissions, submission: Submission, receipt: SubmissionReceipt
) -> SubmissionOutcome:
    """Look at a submission until it has ended."""

    async def look() -> SubmissionOutcome | timedelta:
        seen = await composer.look(submission, receipt.reference)
        return seen if isinstance(seen, SubmissionOutcome) else seen.look_again_after

    return await _awaited(look, "the submission has not ended")


async def found_again(composer: ComposesSubmissions, submission: Submission) -> SubmissionReceipt:
    """Search for a submission whose answer was lost until it is found."""

    async def find() -> SubmissionReceipt | timedelta:
        try:
            receipt = await composer.find(submission)
        except TransientError:
            return _SHORTEST_PAUSE
        assert receipt is not None, "it has begun, and is told not to have"
        return receipt

    return await _awaited(find, "the submission was not found")


async def _awaited(ask: Callable[[], Awaitable[T | timedelta]], otherwise: str) -> T:
    """Ask again and again until there is an answer other than a pause."""
    patience_ends = datetime.now(UTC) + _LONGEST
    while isinstance(answer := await ask(), timedelta):
        assert datetime.now(UTC) < patience_ends, otherwise
        await asyncio.sleep(min(max(answer, _SHORTEST_PAUSE), _LONGEST_PAUSE).total_seconds())
    return answer


async def read_to_its_end(outcome: SubmissionOutcome) -> Ended:
    """Return every result by its key, each once."""
    results: dict[Key, Composition | ConnectorError] = {}
    async for made in outcome.made:
        assert made.key not in results, "an order has two results"
        results[made.key] = made.result
    return Ended(results=results, left_out=outcome.left_out, detail=outcome.detail)
