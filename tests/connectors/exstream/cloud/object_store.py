"""As much of S3 as reading needs: GET, HEAD and ListObjectsV2 over HTTP, on the loopback address."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "exstream"
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class ObjectStore:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.written_at = datetime(2026, 1, 1, tzinfo=UTC)
        self.status: int | None = None
        """What every request is answered with, where it is not None."""
        self.url = ""


@contextmanager
def object_store() -> Generator[ObjectStore]:
    store = ObjectStore()

    class Bucket(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep quiet."""

        def _answer(self, *, with_body: bool) -> None:
            asked = urlsplit(self.path)
            key = unquote(asked.path).removeprefix(f"/{BUCKET}").removeprefix("/")
            status, content = self._found(key, parse_qs(asked.query))
            first, last = self._range(len(content))
            self.send_response(206 if "Range" in self.headers and status == 200 else status)
            self.send_header("Content-Length", str(last - first))
            self.send_header("Content-Range", f"bytes {first}-{max(0, last - 1)}/{len(content)}")
            self.send_header("ETag", '"e"')
            self.send_header("Last-Modified", format_datetime(store.written_at, usegmt=True))
            self.end_headers()
            if with_body:
                self.wfile.write(content[first:last])

        def _found(self, key: str, query: dict[str, list[str]]) -> tuple[int, bytes]:
            if store.status is not None:
                return store.status, b""
            if "list-type" in query:
                return 200, _listed(store, query.get("prefix", [""])[0]).encode()
            return (200, store.objects[key]) if key in store.objects else (404, b"")

        def _range(self, size: int) -> tuple[int, int]:
            first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
            return int(first), min(size, int(last) + 1) if last else size

    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    store.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


def _listed(store: ObjectStore, prefix: str) -> str:
    below = [key.removeprefix(prefix) for key in store.objects if key.startswith(prefix)]
    folders = sorted({f"{prefix}{key.partition('/')[0]}/" for key in below if "/" in key})
    common = "".join(f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>" for folder in folders)
    return f'<ListBucketResult xmlns="{_NAMESPACE}"><IsTruncated>false</IsTruncated>{common}</ListBucketResult>'
