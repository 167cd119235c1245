"""Gateway and broker over a server that answers as a test says."""

import base64
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf

from tests.connectors.exstream.cloud.scripted import Reply, Request, ScriptedServer, of_json
from xconnector.connectors.exstream import COMMUNICATIONS_SERVER
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.contract.composer import Composer, Composition, Order
from xconnector.contract.errors import ConnectorError
from xconnector.contract.manifest import Surroundings
from xconnector.domain.document import RenditionKind
from xconnector.testing.orders import sample_order

TEMPLATE = "policy_issued"
NAMESPACE = "urn:servicebroker"
LETTER_ONLY: Mapping[str, object] = {"service": {"name": "PolicyIssued", "version": "2"}}
TICKET_PATH = "/otdsws/rest/authentication/credentials"


def _one_page() -> bytes:
    with pikepdf.new() as document:
        document.add_blank_page(page_size=(100, 100))
        written = BytesIO()
        document.save(written, deterministic_id=True)
    return written.getvalue()


PDF = _one_page()


def with_tickets(answer: Callable[[Request], Reply]) -> Callable[[Request], Reply]:
    """Give a ticket to whoever asks, numbered, and leave other requests to `answer`."""
    given = 0

    def answered(request: Request) -> Reply:
        nonlocal given
        if request.target != TICKET_PATH:
            return answer(request)
        given += 1
        return of_json({"ticket": f"*OTDSSSO*{given}"})

    return answered


def open_door(project: Path, service: Mapping[str, object], design: Mapping[str, object] = LETTER_ONLY) -> Composer:
    settings = COMMUNICATIONS_SERVER.settings.model_validate({"service": dict(service)})
    designs = {TEMPLATE: ExstreamDesign.model_validate(dict(design))}
    assert COMMUNICATIONS_SERVER.composer is not None
    return COMMUNICATIONS_SERVER.composer(
        settings, Surroundings(project_folder=project, state_folder=project, designs=designs)
    )


def gateway_at(server: ScriptedServer, **settings: object) -> Mapping[str, object]:
    sign_in = {"url": server.url, "user": "composer", "password": "a-password-nobody-may-see"}
    return {"kind": "gateway", "url": server.url, "tenant": "acme", "sign_in": sign_in, **settings}


def broker_at(server: ScriptedServer, **settings: object) -> Mapping[str, object]:
    return {"kind": "broker", "url": server.url, "namespace": NAMESPACE, **settings}


def letter_order() -> Order:
    return sample_order(template=TEMPLATE, kinds=frozenset({RenditionKind.LETTER}))


async def composed_by(composer: Composer, order: Order | None = None) -> Composition | ConnectorError:
    async with composer:
        (result,) = await composer.compose([order or letter_order()])
    return result


def result_of(
    content: bytes = PDF, *, name: str | None = "letter.pdf", media_type: str = "application/pdf"
) -> dict[str, Any]:
    """Return one result as the gateway answers with it."""
    disposition = {} if name is None else {"Content-Disposition": [f"attachment; filename={name}"]}
    data = base64.b64encode(content).decode("ascii")
    held = {"data": data, "contentType": media_type, "streamingFilePath": None, "empty": False}
    return {**disposition, "content": held}


def answer_of(*results: object, status: str = "success") -> Reply:
    return of_json({"status": status, "data": {"id": "1", "attributeMap": {}, "result": list(results)}})


def envelope(body: str, *, status: int = 200) -> Reply:
    text = f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{body}</s:Body></s:Envelope>'
    return Reply(status=status, body=text.encode(), headers={"Content-Type": "text/xml; charset=utf-8"})
