"""Senders of events over kept connections, in a process of their own: each sends the next one when it has its answer.

`--first` says with which number the events begin; `--rate` holds back to so many a second over all senders. What has no
answer is sent again, as a good sender does.
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from xconnector.testing.bench.measured import percentile

KINDS = ("structured", "binary", "webhook")
REPORTS_OF_A_REQUEST = {"resend": 1, "mailjet": 100}
"""By connection of the bench's project: how many events its provider reports in a request."""
REPORTS_PASSWORD = "a-secret-of-the-bench"  # noqa: S105 - of a machine that is measured
WEBHOOK_KEY = b"0123456789abcdef0123456789abcdef"
_PAUSE_SECONDS = 0.05
_PATIENCE_SECONDS = 60


@dataclass(slots=True)
class Told:
    """What came back."""

    statuses: Counter[int] = field(default_factory=Counter[int])
    latencies: list[float] = field(default_factory=list[float])
    """Seconds from the first byte of a request to the last of its answer."""
    broken_off: int = 0


def event_request(kind: str, number: int, key: str) -> bytes:
    """Return one event as a whole request; of a provider's report, so many events as it sends at once."""
    if kind == "resend":
        return _report_of_resend(number)
    if kind == "mailjet":
        return _reports_of_mailjet(number)
    data = {"number": f"E{number}", "customer": f"K-{number}", "name": "Meyer", "email": "a@x.test", "amount": "12.50"}
    known = {"specversion": "1.0", "id": f"E{number}", "source": "/bench", "type": "com.small.notice"}
    if kind == "structured":
        headers = {"content-type": "application/cloudevents+json", "authorization": f"Bearer {key}"}
        return _request("/events", headers, json.dumps({**known, "data": data}).encode())
    body = json.dumps(data).encode()
    if kind == "binary":
        attributes = {f"ce-{name}": value for name, value in known.items()}
        headers = {"content-type": "application/json", "authorization": f"Bearer {key}", **attributes}
        return _request("/events", headers, body)
    return _request("/hooks/hooks", {"content-type": "application/json", **_signed(body, f"E{number}")}, body)


def _report_of_resend(number: int) -> bytes:
    about = {"email_id": f"reference-{number}", "to": ["a@x.test"], "tags": {"xconnector_dispatch": _dispatch(number)}}
    told = {"type": "email.delivered", "created_at": "2026-11-23T08:00:00Z", "data": about}
    body = json.dumps(told).encode()
    headers = {name.replace("webhook", "svix"): value for name, value in _signed(body, f"E{number}").items()}
    return _request("/reports/resend", {"content-type": "application/json", **headers}, body)


def _reports_of_mailjet(number: int) -> bytes:
    each = REPORTS_OF_A_REQUEST["mailjet"]
    told = [
        {
            "event": "sent",
            "time": 1_795_000_000,
            "MessageID": f"reference-{piece}",
            "email": "a@x.test",
            "CustomID": _dispatch(piece),
        }
        for piece in range(number * each, (number + 1) * each)
    ]
    login = base64.b64encode(f"bench:{REPORTS_PASSWORD}".encode()).decode()
    return _request("/reports/mailjet", {"authorization": f"Basic {login}"}, json.dumps(told).encode())


def _dispatch(number: int) -> str:
    return f"{UUID(int=number)}-0"


def sent(
    port: int, kind: str, *, events: int, connections: int, key: str = "", first: int = 0, rate: float | None = None
) -> dict[str, float]:
    """Send requests from a process of its own, and return what came back."""
    arguments = [str(port), kind, "--key", key, "--events", str(events), "--first", str(first)]
    arguments += ["--connections", str(connections), *(["--rate", str(rate)] if rate else [])]
    command = [sys.executable, "-m", "xconnector.testing.bench.web_client", *arguments]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _signed(body: bytes, message_id: str) -> Mapping[str, str]:
    timestamp = str(int(time.time()))
    digest = hmac.new(WEBHOOK_KEY, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode()
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": f"v1,{signature}"}


def _request(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Sender(asyncio.Protocol):
    """One connection. Written below the streams of asyncio: what the senders cost is no cost of the product."""

    def __init__(self, next_one: Callable[[], int | None], make: Callable[[int], bytes], told: Told) -> None:
        self._next_one, self._make, self._told = next_one, make, told
        self._answer = bytearray()
        self._began = 0.0
        self.number: int | None = None
        """The event that is not answered yet."""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        if self.number is None:
            self.number = self._next_one()
        if self.number is None:
            self._transport.close()
            return
        request = self._make(self.number)
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, found, rest = self._answer.partition(b"\r\n\r\n")
        if not found or len(rest) < _length(head):
            return
        self._told.statuses[int(head[9:12])] += 1
        self._told.latencies.append(time.perf_counter() - self._began)
        self._answer.clear()
        self.number = None
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if not self.ended.done():
            self.ended.set_result(None)


def _same(sender: _Sender) -> _Sender:
    return sender


def _length(head: bytes | bytearray) -> int:
    for line in bytes(head).lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


async def send(port: int, kind: str, *, key: str, numbers: Iterator[int], connections: int) -> Told:
    """Send events as fast as they are answered."""
    told = Told()

    async def one_after_another() -> None:
        number: int | None = None
        gives_up_at = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < gives_up_at:
            sender = _Sender(lambda: next(numbers, None), lambda one: event_request(kind, one, key), told)
            sender.number = number
            try:
                await asyncio.get_running_loop().create_connection(partial(_same, sender), "127.0.0.1", port)
                await sender.ended
            except OSError:
                await asyncio.sleep(_PAUSE_SECONDS)
            if sender.number is None:
                return
            number = sender.number
            told.broken_off += 1

    await asyncio.gather(*(one_after_another() for _ in range(connections)))
    return told


async def send_at(rate: float, port: int, kind: str, *, key: str, numbers: Iterator[int], connections: int) -> Told:
    """Send events at a steady rate; time that a request waits for a free connection counts as part of its answer."""
    told = Told()
    due: asyncio.Queue[tuple[int, float] | None] = asyncio.Queue()

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (one := await due.get()) is not None:
            number, since = one
            writer.write(event_request(kind, number, key))
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
            told.statuses[int(head[9:12])] += 1
            told.latencies.append(time.perf_counter() - since)
        writer.close()

    working = [asyncio.create_task(one_connection()) for _ in range(connections)]
    began = time.perf_counter()
    for place, number in enumerate(numbers):
        moment = began + place / rate
        if (wait := moment - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        due.put_nowait((number, moment))
    for _ in working:
        due.put_nowait(None)
    await asyncio.gather(*working)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("kind", choices=(*KINDS, *REPORTS_OF_A_REQUEST))
    parser.add_argument("--key", default="")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rate", type=float)
    told = parser.parse_args()
    numbers = iter(range(told.first, told.first + told.events))
    began = time.perf_counter()
    if told.rate is None:
        sending = send(told.port, told.kind, key=told.key, numbers=numbers, connections=told.connections)
    else:
        sending = send_at(told.rate, told.port, told.kind, key=told.key, numbers=numbers, connections=told.connections)
    came = asyncio.run(sending)
    figures = {
        "seconds": time.perf_counter() - began,
        "statuses": {str(status): number for status, number in came.statuses.items()},
        "p50": percentile(came.latencies, 0.5),
        "p99": percentile(came.latencies, 0.99),
        "broken_off": came.broken_off,
        "processor_seconds": time.process_time(),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
