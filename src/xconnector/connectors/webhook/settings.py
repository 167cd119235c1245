"""Settings of webhooks."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from xconnector.connectors.webhook.proof_settings import ProofSettings
from xconnector.contract.settings import ConnectorSettings
from xconnector.contract.webhook_source import LARGEST_BODY
from xconnector.domain.record_path import parse_path

OwnShape = Literal["cloudevents", "salesforce_outbound_message"]


class WebhookSettings(ConnectorSettings):
    """What an outside system sends by itself, and how it proves who it is."""

    proof: ProofSettings
    """How the sender proves who it is; at least one way."""
    shape: OwnShape | None = None
    """A shape that says by itself what is in a request: `cloudevents` in any of the three modes, or
    `salesforce_outbound_message`, which is answered with its `Ack`. Left out, the keys below say it."""
    body: Literal["json", "xml", "form"] | None = None
    """What the body is, whatever the sender calls it; left out, its content type says so."""
    form_field: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """Of a form, the field that holds JSON or XML, such as `payload`; left out, its fields are the record."""
    records: Annotated[str, Field(max_length=500)] | None = None
    """The path of a list of records, such as `events` or `Envelope.Body.notifications.Notification`; left out, the body
    is one record, or a list of them."""
    key: tuple[str, ...] = ()
    """Paths of the fields that together name a record. Left out, the signed id of the request does; two records of one
    name are the same or one of them is refused."""
    type: Annotated[str, Field(max_length=500)] | None = None
    """The path of the event's type, which chooses the feed among those of this connection; left out, the connection has
    one feed, whose type it is."""
    time: Annotated[str, Field(max_length=500)] | None = None
    """The path of when it happened: a timestamp such as 2026-11-23T08:00:00Z, or milliseconds since 1970."""
    largest: Annotated[int, Field(ge=1024, le=LARGEST_BODY)] = 1_048_576
    """Most bytes of a request; a larger one is refused while it arrives."""
    most_records: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    """Most records of a request; one with more is set aside as a whole."""
    depth: Annotated[int, Field(ge=1, le=200)] = 64
    """Most levels of nesting; what is nested deeper is set aside."""
    set_aside: Literal["accepted", "refused"] = "accepted"
    """What the sender of a proven request is told whose records cannot be read, or whose key was taken with another
    payload. Either way it is kept, and people see it. `accepted` (200) keeps senders from sending the same for days;
    `refused` (422) is for senders whose people look at it, and who do not send it again."""

    @field_validator("key")
    @classmethod
    def _paths(cls, key: tuple[str, ...]) -> tuple[str, ...]:
        for path in key:
            parse_path(path)
        return key

    @field_validator("records", "type", "time")
    @classmethod
    def _path(cls, path: str | None) -> str | None:
        if path is not None:
            parse_path(path)
        return path

    @model_validator(mode="after")
    def _names_its_records(self) -> "WebhookSettings":
        told = [name for name in ("body", "form_field", "records", "key", "type", "time") if getattr(self, name)]
        if self.shape is not None and told:
            raise ValueError(f"`shape` says by itself what is in a request: leave out {', '.join(told)}")
        if self.shape is None and not self.key and not self.signed_id:
            raise ValueError("`key` is missing: say by which fields a record is known when it is sent again")
        return self

    @property
    def signed_id(self) -> bool:
        """Whether requests have an id that is signed."""
        hmac = self.proof.hmac
        return self.proof.standard_webhooks is not None or (hmac is not None and hmac.id_header is not None)
