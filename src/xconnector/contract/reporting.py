"""The ability to read what an outside system sends us of deliveries by itself."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from xconnector.domain.delivery import DeliveryEvent


@runtime_checkable
class ReportsByWebhook(Protocol):
    """It calls us with news of what was handed over. Reading it is pure: the connection need not be open."""

    def read_reports(self, headers: Mapping[str, str], body: bytes) -> Sequence[DeliveryEvent]:
        """Return the events of one request: every one of them, and nothing else is done.

        The names of the headers are in lower case. An event of a kind that is not known is UNKNOWN, never an
        error. A `dispatch_key` that is only the id of a communication means the hand-over of it that was the
        latest when the event happened.

        Raises PermanentError, which says what is wrong and shows nothing of the body, when it cannot be read.
        """
        ...
