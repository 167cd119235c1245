"""What the report webhooks of providers have in common: proven by their settings, and read in their words."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from xconnector.contract.feedback import MOST_BODY, FeedbackFormat, FeedbackRequest
from xconnector.contract.webhook_source import UnprovenError
from xconnector.domain.feedback.signal import Signal

Proof = Callable[[FeedbackRequest, datetime], Awaitable[str | None]]
"""Returns what may be used once, if anything. Raises UnprovenError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequests:
    """Reads the requests of one provider (`ReportWebhook`)."""

    format: FeedbackFormat
    proof: Proof | None
    """None where the settings say nothing of it."""
    reports_on: str | None = None
    largest: int = MOST_BODY

    @property
    def proves_itself(self) -> bool:
        return self.proof is not None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        return None

    async def check(self) -> None:
        """Nothing can be tried: the provider calls us."""

    async def prove(self, request: FeedbackRequest, *, now: datetime) -> str | None:
        if self.proof is None:
            raise UnprovenError("the settings say of no way in which it proves itself")
        return await self.proof(request, now)

    def read(self, request: FeedbackRequest) -> Sequence[Signal]:
        return self.format.read(request)


def signed(is_genuine: Callable[[FeedbackRequest, datetime], bool]) -> Proof:
    """Return the proof of requests whose signature is over all that they say."""

    async def prove(request: FeedbackRequest, now: datetime) -> None:
        if not is_genuine(request, now):
            raise UnprovenError("the signature is missing, wrong, or of another time")

    return prove
