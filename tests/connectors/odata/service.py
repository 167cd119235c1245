"""An OData service of our own on 127.0.0.1, written after the standard's words: it proves nothing of a product.

It speaks HTTP. Version 4 tracks changes and gives delta links; version 2 gives `d.results`, `__next` and `/Date(…)/`.
"""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Entity = dict[str, Any]


@dataclass(slots=True)
class Service:
    """What the service holds, and what it was asked."""

    address: str = ""
    log: list[Entity] = field(default_factory=list[Entity])
    """Each state of an entity, the removed ones with `@removed`."""
    page_size: int = 3
    status: int = 200
    token: str = ""
    """Where there is one, it is asked for."""
    lead_to: str = ""
    """Where there is something, links to further pages begin with it."""
    asked: list[str] = field(default_factory=list[str])
    prefers: list[str] = field(default_factory=list[str])

    @property
    def root(self) -> str:
        return f"{self.address}/odata/"

    def answer(self, target: str) -> Entity:
        question = parse_qs(urlsplit(target).query)
        start, since = int(question.get("$skiptoken", ["0"])[0]), int(question.get("since", ["0"])[0])
        new = self.log[since:]
        latest = {one["id"]: one for one in new if since or "@removed" not in one}
        if not since:
            latest = {key: one for key, one in latest.items() if "@removed" not in self._last(key)}
        found = list(latest.values())
        page, rest = found[start : start + self.page_size], found[start + self.page_size :]
        place = self.lead_to or f"{self.root}customers"
        further = f"{place}?since={since}&$skiptoken={start + self.page_size}"
        if rest:
            return {"value": page, "@odata.nextLink": further}
        return {"value": page, "@odata.deltaLink": f"{place}?since={len(self.log)}"}

    def answer_in_version_2(self, target: str) -> Entity:
        question = parse_qs(urlsplit(target).query)
        start = int(question.get("$skiptoken", ["0"])[0])
        since = question.get("$filter", [""])[0].rpartition("ge datetimeoffset'")[2][:19]
        found = [one for one in self.log if not since or one["at"] >= since]
        told = [{**one, "at": f"/Date({one['ms']})/", "__metadata": {"etag": one["@odata.etag"]}} for one in found]
        page, rest = told[start : start + self.page_size], told[start + self.page_size :]
        link = f"{self.root}customers?$skiptoken={start + self.page_size}&$filter={question.get('$filter', [''])[0]}"
        return {"d": {"results": page, **({"__next": link.replace(" ", "%20")} if rest else {})}}

    def _last(self, key: object) -> Entity:
        return next(one for one in reversed(self.log) if one["id"] == key)


@contextmanager
def running_service() -> Generator[Service]:
    service = Service()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _answering(service))
    service.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answering(service: Service) -> type[BaseHTTPRequestHandler]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            service.asked.append(self.path)
            service.prefers.append(self.headers.get("Prefer", ""))
            if service.token and self.headers.get("Authorization") != f"Bearer {service.token}":
                self._send(401, {})
            elif service.status != 200:
                self._send(service.status, {"error": {"message": "Sämann-7291"}})
            elif not self.headers.get("Prefer"):
                self._send(200, service.answer_in_version_2(self.path))
            else:
                self._send(200, service.answer(self.path))

        def do_POST(self) -> None:
            words = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            if words.get("client_secret") == ["right"]:
                self._send(200, {"access_token": service.token, "expires_in": 3600})
            else:
                self._send(401, {})

        def _send(self, status: int, content: Entity) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Retry-After", "7")
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's signature
            del format, args

    return Answer
