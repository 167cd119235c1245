"""Submissions whose answer was lost: their jobs are looked for among the outputs, by the keys of their customers."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum, auto
from itertools import islice

from xconnector.connectors.exstream.cloud.batch_results import reference_of
from xconnector.connectors.exstream.cloud.batch_settings import BatchSettings
from xconnector.connectors.exstream.cloud.hand_over import HandedOver
from xconnector.connectors.exstream.cloud.jobs import Jobs
from xconnector.connectors.exstream.cloud.output_store import Delivery, OutputMissingError, OutputStore
from xconnector.connectors.exstream.delivery_file import (
    DeliveredFile,
    GrowingDeliveryFileError,
    read_delivery_file,
)
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.contract.errors import OutcomeUnknownError, PermanentError, TransientError

_LOOKED_AT = 20_000
"""Files of a delivery file in which one of our first customers must stand."""
_MOST_TOLD = 20
_COMMUNICATION_ID = "communication.id"


class _Claim(Enum):
    """Whether a job that composed a submission's customers is its own."""

    OURS = auto()
    ANOTHER = auto()
    UNSURE = auto()


class LostSubmissions:
    """Looks for jobs that nobody told us of."""

    def __init__(
        self,
        jobs: Jobs,
        store: Callable[[], OutputStore],
        settings: BatchSettings,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._jobs = jobs
        self._store = store
        self._settings = settings
        self._now = now

    async def jobs(
        self, design: ExstreamDesign, handed_over: HandedOver, others: Sequence[HandedOver]
    ) -> Mapping[str, list[str]] | None:
        """Return the flows of each job that a submission began, or None when it surely has begun none.

        The others are all that this connection knows of beside it. Raises TransientError when that cannot be told yet,
        OutcomeUnknownError when it cannot be told, and what asking for a job raises.
        """
        held = {
            job for other in others if other.receipt is not None for job in reference_of(other.receipt.reference).jobs
        }
        written = await asyncio.to_thread(self._written, design, handed_over)
        found = [one for one in written if one.job not in held]
        rivals = [other for other in others if other.receipt is None and other.is_like(handed_over)]
        claims = {job: await self._claim(job, design, handed_over, rivals) for job in {one.job for one in found}}
        ours = [one for one in found if claims[one.job] is _Claim.OURS]
        unsure = sorted(job for job, claim in claims.items() if claim is _Claim.UNSURE)
        time_is_up = self._now() - (handed_over.sent_at or handed_over.began_at) > self._settings.found_within
        if ours and (await asyncio.to_thread(self._is_whole, ours, design) or (time_is_up and not unsure)):
            return _by_job(ours)
        if not ours and time_is_up and self._settings.flow_only_composes:
            return None
        if unsure:
            raise _ambiguous(unsure)
        if not time_is_up and self._may_be_found(handed_over):
            raise TransientError(
                f"no job is known yet of this submission: it is looked for {self._settings.found_within} long after it "
                "was handed over (`batch.found_within`)"
            )
        raise OutcomeUnknownError(
            "no job is known of this submission, and it may have begun one: look in Exstream whether its channel "
            "started a job at that time; a connection with `batch.flow_only_composes` begins anew by itself"
        )

    def _may_be_found(self, handed_over: HandedOver) -> bool:
        """Say whether waiting may still tell something: outputs by their keys, or that none came in time."""
        return self._settings.flow_only_composes or self._can_look(handed_over)

    def _can_look(self, handed_over: HandedOver) -> bool:
        return bool(handed_over.keys) and self._settings.look_for_lost

    async def _claim(
        self, job: str, design: ExstreamDesign, handed_over: HandedOver, rivals: Sequence[HandedOver]
    ) -> "_Claim":
        """Say whether a job that composed customers of a submission is its own: several may have the same customers."""
        told = await self._jobs.job(job) if self._settings.follow == "job" else None
        if told is None or not told.channel or told.started_at is None:
            # The id of a communication stands in no other's submission.
            is_proven = design.key.path == _COMMUNICATION_ID and not rivals
            return _Claim.OURS if is_proven else _Claim.UNSURE
        earliest = told.started_at + self._settings.clocks_apart
        if told.channel != handed_over.channel or earliest < handed_over.began_at:
            return _Claim.ANOTHER
        return _Claim.UNSURE if any(earliest >= rival.began_at for rival in rivals) else _Claim.OURS

    def _written(self, design: ExstreamDesign, handed_over: HandedOver) -> list[Delivery]:
        if not self._can_look(handed_over):
            return []
        deliveries = self._store().since(handed_over.began_at - self._settings.clocks_apart)
        return [one for one in deliveries if self._names_ours(one, design, handed_over)]

    def _names_ours(self, delivery: Delivery, design: ExstreamDesign, handed_over: HandedOver) -> bool:
        keys = (
            customer.keys.get(design.key.name)
            for file in islice(self._files(delivery), _LOOKED_AT)
            for customer in file.customers
        )
        return any(key is not None and handed_over.has(key) for key in keys)

    def _is_whole(self, found: list[Delivery], design: ExstreamDesign) -> bool:
        """Say whether the flows found so far give all that the design declares: others may come to write later.

        Raises OutcomeUnknownError where two of them give the same: then one of the jobs is not ours.
        """
        queues = [queue for delivery in found for queue in {file.queue for file in self._files(delivery)}]
        declared = {output.queue for output in design.outputs.values()}
        if any(queues.count(queue) > 1 for queue in declared):
            raise _ambiguous(sorted({delivery.job for delivery in found}))
        return declared <= set(queues)

    def _files(self, delivery: Delivery) -> Iterator[DeliveredFile]:
        """Yield what a delivery file names so far; one that cannot be read is not ours to judge."""
        try:
            with self._store().opened(delivery) as stream:
                yield from read_delivery_file(stream)
        except (OutputMissingError, GrowingDeliveryFileError, PermanentError, OSError):
            return


def _ambiguous(jobs: Sequence[str]) -> OutcomeUnknownError:
    told = ", ".join(repr(job) for job in jobs[:_MOST_TOLD])
    return OutcomeUnknownError(
        f"it cannot be told whether the jobs that composed customers of this submission at that time ({told}) are its "
        "own: look in Exstream"
    )


def _by_job(found: list[Delivery]) -> Mapping[str, list[str]]:
    jobs: dict[str, list[str]] = {}
    for delivery in found:
        flows = jobs.setdefault(delivery.job, [])
        if delivery.flow not in flows:
            flows.append(delivery.flow)
    return jobs
