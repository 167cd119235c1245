"""What the report webhooks of providers have in common: proven by their settings, and read in their words."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol, Self

from xconnector.contract.feedback import MOST_BODY, FeedbackFormat, FeedbackRequest
from xconnector.contract.report_settings import SecretSentAlong, SignedReports, password_of
from xconnector.contract.webhook_source import UnprovenError
from xconnector.domain.feedback.signal import Signal
from xconnector.domain.signed import is_equal

Proof = Callable[[FeedbackRequest, datetime], Awaitable[str | None]]
"""Returns what may be used once, if anything. Raises UnprovenError."""
_BEARER = "bearer "


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


class IsGenuine(Protocol):
    """Says whether a request is signed with a secret, at a time that lies near ours."""

    def __call__(self, request: FeedbackRequest, secret: str, /, *, now: datetime, tolerance: timedelta) -> bool: ...


def signed_with_secret(told: SignedReports | None, is_genuine: IsGenuine) -> Proof | None:
    """Return the proof of requests that one of the settings' secrets signs, or None where the settings have none."""
    if told is None:
        return None
    secrets = [secret.get_secret_value() for secret in told.secrets]

    def is_theirs(request: FeedbackRequest, now: datetime) -> bool:
        return one_fits(secrets, lambda secret: is_genuine(request, secret, now=now, tolerance=told.tolerance))

    return signed(is_theirs)


def sent_along(told: SecretSentAlong) -> Proof:
    """Return the proof of requests that carry a secret."""
    secrets = [secret.get_secret_value() for secret in told.secrets]

    def is_genuine(request: FeedbackRequest, _: datetime) -> bool:
        if told.header is None:
            sent = password_of(request.headers.get("authorization", ""), told.user or "")
        else:
            sent = request.headers.get(told.header.lower(), "").strip()
            sent = sent[len(_BEARER) :].strip() if sent.lower().startswith(_BEARER) else sent
        return one_fits(secrets, lambda secret: is_equal(sent, secret))

    return signed(is_genuine)


def one_fits(secrets: Iterable[str], fits: Callable[[str], bool]) -> bool:
    """Say whether one of several secrets fits; all are tried, so that the time tells nothing of which."""
    found = False
    for secret in secrets:
        found |= fits(secret)
    return found
