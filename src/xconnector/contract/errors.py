"""The four ways an outside system can fail us.

A connector raises or returns one of these and never retries; what follows is decided outside it.
The message tells an operator what to do and holds neither secrets nor customer content.
"""

from datetime import timedelta

from xconnector.domain.delivery import DeliveryReason


class ConnectorError(Exception):
    """Base of the four; never raised itself."""

    is_free_of_content = True
    """The promise above, for whoever writes logs: the message may stand in them."""


class TransientError(ConnectorError):
    """It may work later. Nothing happened, unless it says that it may have arrived."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None, may_have_arrived: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.may_have_arrived = may_have_arrived
        """Of a channel that knows a dispatch again: it may have happened, so it is repeated there and nowhere else."""


class PermanentError(ConnectorError):
    """Nothing happened, and it will fail again with the same input."""

    def __init__(self, message: str, *, reason: DeliveryReason | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        """Of a channel: why this recipient cannot be reached by it. ADDRESS and UNSUBSCRIBED suppress the address."""


class OutcomeUnknownError(ConnectorError):
    """It may have happened: the answer was lost. Repeated only where the channel remembers dispatches."""


class MisconfiguredError(ConnectorError):
    """Settings or credentials are wrong: the connection pauses, the work is kept."""
