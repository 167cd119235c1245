"""The ability, and the role, to read what an outside system sends us of deliveries by itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from xconnector.contract.errors import ConnectorError
from xconnector.contract.feedback import FeedbackRequest
from xconnector.contract.lifecycle import Connector
from xconnector.domain.delivery import DeliveryEvent
from xconnector.domain.feedback.signal import Signal


@runtime_checkable
class LooksUp(Protocol):
    """It can be asked what became of what it took, when its report is missing."""

    async def look_up(self, references: Sequence[str]) -> Sequence[Sequence[Signal] | ConnectorError]:
        """Return for each reference of a receipt, in their sequence, what is known of it; nothing of an unknown one.

        What a report told before is the same signal again. Asking changes nothing, and one that cannot be told of never
        fails the rest.
        """
        ...


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


class ReportWebhook(Connector, Protocol):
    """The role of a provider that calls us with news in its own words, of hand-overs that it names by its own ids.

    Nothing is opened for it: `prove` and `read` are asked of the connection as it was made of its settings.
    """

    @property
    def largest(self) -> int:
        """Most bytes of one request."""
        ...

    @property
    def proves_itself(self) -> bool:
        """Whether the settings say how its requests are proven; else a caller needs a key of ours for reports."""
        ...

    @property
    def reports_on(self) -> str | None:
        """The connection whose hand-overs it reports on, such as that of the relay; None for its own."""
        ...

    async def prove(self, request: FeedbackRequest, *, now: datetime) -> str | None:
        """Prove who sent the raw request, and that it is of these minutes, before anything else is done with it.

        Returns what may be used for one request only, where the signature is over it and not over the body.

        Raises UnprovenError, and TransientError where that cannot be found out at the moment.
        """
        ...

    def read(self, request: FeedbackRequest) -> Sequence[Signal]:
        """Return every event of a request; one of an unknown kind is UNKNOWN, never an error.

        The dispatch key that was given along at the hand-over stands among the references of a signal, and the
        reference of its receipt is the signal's `provider_id`.

        Raises PermanentError, which shows nothing of the body, when it cannot be read.
        """
        ...
