"""What the receiver is given of a dispatch: the same bytes at every attempt."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import quote

import msgspec

from xconnector.connectors.webhook_channel.settings import Carriage, WebhookChannelSettings
from xconnector.contract.channel import Dispatch
from xconnector.contract.dispatch_facts import facts_of
from xconnector.contract.errors import PermanentError
from xconnector.domain.document import Rendition, RenditionKind

_LARGEST_JSON = 20_000
_TEXTS = frozenset({RenditionKind.SMS, RenditionKind.PUSH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The body of a request."""

    content_type: str
    body: bytes = field(repr=False)


def payload_of(dispatch: Dispatch, settings: WebhookChannelSettings) -> Payload:
    """Return the body that hands a dispatch over.

    Raises PermanentError for what is missing or too large.
    """
    missing = sorted(settings.takes - dispatch.renditions.keys())
    if missing:
        raise PermanentError(f"no {missing[0]} was composed to hand over: give its template one")
    # The order of a set is another in every process, and an attempt may be another process's.
    renditions = [dispatch.renditions[kind] for kind in sorted(settings.takes)]
    told = msgspec.json.encode(
        {
            "type": "communication.handed_over",
            "data": {**facts_of(dispatch), "documents": [_told(dispatch, one, settings) for one in renditions]},
        }
    )
    if len(told) >= _LARGEST_JSON:
        raise PermanentError(f"the request would hold {len(told)} bytes of JSON: let documents go as link or multipart")
    if settings.documents is not Carriage.MULTIPART:
        return Payload(content_type="application/json", body=told)
    payload = _multipart(told, renditions)
    if len(payload.body) > settings.largest:
        raise PermanentError(f"the request would hold {len(payload.body)} bytes, more than `largest`")
    return payload


def _told(dispatch: Dispatch, rendition: Rendition, settings: WebhookChannelSettings) -> Mapping[str, object]:
    """Return what stands of a document in the JSON."""
    facts: dict[str, object] = {
        "rendition": rendition.kind.value,
        "media_type": rendition.kind.media_type,
        "sha256": rendition.sha256,
        "bytes": len(rendition.content),
        "pages": rendition.pages,
    }
    match settings.documents:
        case Carriage.LINK:
            facts["link"] = (settings.link or "").format(
                communication=quote(str(dispatch.communication_id), safe=""),
                rendition=rendition.kind.value,
                sha256=rendition.sha256,
            )
        case Carriage.BODY if rendition.kind in _TEXTS:
            facts["text"] = rendition.content.decode("utf-8", "replace")
        case Carriage.BODY:
            facts["base64"] = base64.b64encode(rendition.content).decode("ascii")
        case Carriage.MULTIPART:
            facts["part"] = rendition.kind.value
    return facts


def _multipart(told: bytes, renditions: list[Rendition]) -> Payload:
    # Of the digests: the same at every attempt, and no document can hold it.
    boundary = f"xconnector-{sha256(''.join(one.sha256 for one in renditions).encode()).hexdigest()[:48]}"
    parts = [("payload", "payload.json", "application/json", told)] + [
        (one.kind.value, f"{one.kind.value}{one.kind.file_suffix}", one.kind.media_type, one.content)
        for one in renditions
    ]
    body = bytearray()
    for name, file_name, media_type, content in parts:
        body += (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
            f"Content-Type: {media_type}\r\n\r\n"
        ).encode()
        body += content + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return Payload(content_type=f"multipart/form-data; boundary={boundary}", body=bytes(body))
