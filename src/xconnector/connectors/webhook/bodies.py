"""What a request's body says, as JSON types: from JSON, XML or a form."""

from collections.abc import Mapping
from typing import Literal
from urllib.parse import parse_qs

from xconnector.connectors.webhook.settings import WebhookSettings
from xconnector.contract.webhook_source import WebhookRequest
from xconnector.contract.xml_content import XmlContentError, content_of, local_name, read_xml
from xconnector.domain.strict_json import Json, StrictJsonError, read_json, refuse_unstorable

_MOST_FIELDS = 1000
_FORM = "application/x-www-form-urlencoded"

Kind = Literal["json", "xml", "form"]


class UnreadableError(ValueError):
    """The request is none that can be read; the message says why and shows none of it."""


def content_of_request(request: WebhookRequest, settings: WebhookSettings) -> Json:
    """Return what the body says; of XML the document element by its name.

    Raises UnreadableError.
    """
    kind = settings.body or _kind(request.headers.get("content-type", ""))
    try:
        match kind:
            case "json":
                return read_json(request.body, depth=settings.depth)
            case "xml":
                return xml_content(request.body, settings.depth)
            case "form":
                return _form(request.body, settings)
    except (StrictJsonError, XmlContentError) as wrong:
        raise UnreadableError(f"the body: {wrong}") from None


def xml_content(body: bytes, depth: int) -> Json:
    """Return a document as JSON types. Raises XmlContentError."""
    root = read_xml(body, depth=depth)
    return {local_name(root.tag): content_of(root)}


def _kind(content_type: str) -> Kind:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == _FORM:
        return "form"
    if media_type.endswith(("/json", "+json")):
        return "json"
    if media_type.endswith(("/xml", "+xml")):
        return "xml"
    raise UnreadableError(
        "the content type is neither JSON nor XML nor a form: let the sender say what it is, or set `body:`"
    )


def _form(body: bytes, settings: WebhookSettings) -> Json:
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise UnreadableError("the body is no form in percent-encoded UTF-8") from None
    if settings.form_field is None:
        plain: dict[str, Json] = {name: values[0] if len(values) == 1 else [*values] for name, values in fields.items()}
        refuse_unstorable(plain)
        return plain
    return _in_field(fields, settings.form_field, settings.depth)


def _in_field(fields: Mapping[str, list[str]], name: str, depth: int) -> Json:
    values = fields.get(name, [])
    if len(values) != 1:
        raise UnreadableError(f"the form has no field {name}, or several")
    payload = values[0].encode()
    return xml_content(payload, depth) if payload.lstrip().startswith(b"<") else read_json(payload, depth=depth)
