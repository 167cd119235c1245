"""Submissions whose answer was lost: their jobs are looked for among the outputs, by the keys of their customers."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice

from xconnector.connectors.exstream.cloud.batch_settings import BatchSettings
from xconnector.connectors.exstream.cloud.hand_over import HandedOver
from xconnector.connectors.exstream.cloud.output_store import Delivery, OutputMissingError, OutputStore
from xconnector.connectors.exstream.delivery_file import (
    DeliveredFile,
    GrowingDeliveryFileError,
    read_delivery_file,
)
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.contract.errors import OutcomeUnknownError, PermanentError
from xconnector.contract.submission import Submission

_LOOKED_AT = 20_000
"""Files of a delivery file in which one of our first customers must stand."""
_MOST_TOLD = 20


class LostSubmissions:
    """Looks for jobs that nobody told us of. It blocks: call it from a thread."""

    def __init__(
        self, store: Callable[[], OutputStore], settings: BatchSettings, *, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._settings = settings
        self._now = now

    def jobs(
        self, submission: Submission, design: ExstreamDesign, handed_over: HandedOver | None
    ) -> Mapping[str, list[str]] | None:
        """Return the flows of each job that a submission began, or None when it surely has begun none.

        Raises OutcomeUnknownError when that cannot be told, or not yet.
        """
        began_at = submission.created_at if handed_over is None else handed_over.began_at
        time_is_up = self._now() - began_at > self._settings.found_within
        found = self._found(design, handed_over)
        if found and (self._is_whole(found, design) or time_is_up):
            return _by_job(found)
        if not found and time_is_up and self._settings.flow_only_composes:
            return None
        raise OutcomeUnknownError(
            "no job is known of this submission, and it may have begun one: look in Exstream whether its channel "
            "started a job at that time; a connection with `batch.flow_only_composes` begins anew by itself"
        )

    def _found(self, design: ExstreamDesign, handed_over: HandedOver | None) -> list[Delivery]:
        if handed_over is None or not handed_over.keys or not self._settings.look_for_lost:
            return []
        deliveries = self._store().since(handed_over.began_at - self._settings.clocks_apart)
        return [one for one in deliveries if self._is_ours(one, design, handed_over)]

    def _is_ours(self, delivery: Delivery, design: ExstreamDesign, handed_over: HandedOver) -> bool:
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
            told = ", ".join(sorted({repr(delivery.job) for delivery in found})[:_MOST_TOLD])
            raise OutcomeUnknownError(
                f"several jobs composed customers of this submission at that time ({told}), and it cannot be told "
                "which one is its own: look in Exstream"
            )
        return declared <= set(queues)

    def _files(self, delivery: Delivery) -> Iterator[DeliveredFile]:
        """Yield what a delivery file names so far; one that cannot be read is not ours to judge."""
        try:
            with self._store().opened(delivery) as stream:
                yield from read_delivery_file(stream)
        except (OutputMissingError, GrowingDeliveryFileError, PermanentError, OSError):
            return


def _by_job(found: list[Delivery]) -> Mapping[str, list[str]]:
    jobs: dict[str, list[str]] = {}
    for delivery in found:
        flows = jobs.setdefault(delivery.job, [])
        if delivery.flow not in flows:
            flows.append(delivery.flow)
    return jobs
