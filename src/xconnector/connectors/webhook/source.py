"""Webhooks of one connection: proven, read, answered."""

from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self, TypeAlias

from xconnector.connectors.webhook.certificates import wrong_with_certificate
from xconnector.connectors.webhook.proof_settings import ProofSettings
from xconnector.connectors.webhook.records import Defaults, RecordReading
from xconnector.connectors.webhook.salesforce import ACKNOWLEDGED, NOT_ACKNOWLEDGED, outbound_records
from xconnector.connectors.webhook.settings import WebhookSettings
from xconnector.connectors.webhook.signatures import ID, wrong_with_hmac, wrong_with_standard_signature
from xconnector.connectors.webhook.tokens import wrong_with_password, wrong_with_token
from xconnector.contract.cloudevents import CloudEventError, parse
from xconnector.contract.webhook_source import UnprovenError, WebhookAnswer, WebhookOutcome, WebhookRequest
from xconnector.domain.event import BadRecord, SourceRecord

_KEPT, _NOT_RIGHT = 200, 422
Proof: TypeAlias = Callable[[WebhookRequest, datetime], str | None]


class SignedWebhooks:
    """Reads what is sent to one connection; holds nothing open."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._proofs = _proofs(settings.proof)
        self._reading = RecordReading(settings)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        return None

    async def check(self) -> None:
        """There is nothing to reach: the sender calls us."""

    @property
    def largest(self) -> int:
        return self._settings.largest

    @property
    def tells_type(self) -> bool:
        return self._settings.shape == "cloudevents" or self._settings.type is not None

    def prove(self, request: WebhookRequest, *, now: datetime) -> None:
        for wrong_with in self._proofs:
            if (wrong := wrong_with(request, now)) is not None:
                raise UnprovenError(wrong)

    def read(self, request: WebhookRequest, *, source: str, event_type: str) -> Sequence[SourceRecord | BadRecord]:
        match self._settings.shape:
            case "cloudevents":
                return _events(request, source)
            case "salesforce_outbound_message":
                return outbound_records(request.body, source=source, event_type=event_type)
            case None:
                defaults = Defaults(source=source, event_type=event_type, signed_id=self._signed_id(request))
                return self._reading.records(request, defaults)

    def answer(self, outcome: WebhookOutcome) -> WebhookAnswer:
        is_kept = outcome is WebhookOutcome.TAKEN or self._settings.set_aside == "accepted"
        if self._settings.shape == "salesforce_outbound_message":
            return ACKNOWLEDGED if is_kept else NOT_ACKNOWLEDGED
        return WebhookAnswer(status=_KEPT if is_kept else _NOT_RIGHT)

    def _signed_id(self, request: WebhookRequest) -> str | None:
        proof = self._settings.proof
        if proof.standard_webhooks is not None:
            return request.headers.get(ID)
        if proof.hmac is not None and proof.hmac.id_header is not None:
            return request.headers.get(proof.hmac.id_header.lower())
        return None


def _proofs(settings: ProofSettings) -> Sequence[Proof]:
    """Return what has to hold; what costs least comes first."""
    proofs: list[Proof] = []
    if (certificate := settings.certificate) is not None:
        proofs.append(lambda request, now: wrong_with_certificate(request, certificate, now))
    if (token := settings.token) is not None:
        proofs.append(lambda request, _: wrong_with_token(request, token))
    if (basic := settings.basic) is not None:
        proofs.append(lambda request, _: wrong_with_password(request, basic))
    if (hmac := settings.hmac) is not None:
        proofs.append(lambda request, now: wrong_with_hmac(request, hmac, now))
    if (standard := settings.standard_webhooks) is not None:
        proofs.append(lambda request, now: wrong_with_standard_signature(request, standard, now))
    return proofs


def _events(request: WebhookRequest, source: str) -> Sequence[SourceRecord | BadRecord]:
    try:
        return parse(request.headers, request.body)
    except CloudEventError as wrong:
        return [BadRecord(source=source, source_key=None, payload=request.body, reason=str(wrong))]
