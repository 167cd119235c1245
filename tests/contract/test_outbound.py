"""Addresses that somebody else wrote never lead into our own network."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.connectors.certificates import certificate_of
from xconnector.contract.errors import MisconfiguredError
from xconnector.contract.outbound import beginning, outbound_client
from xconnector.contract.outbound_allowance import ForbiddenAddressError, OutboundAllowance, check_url

NOTHING = OutboundAllowance()
NAME = "hooks.example"


@dataclass(slots=True)
class ScriptedDirectory:
    """A directory of names that answers as told, each time with the next answer."""

    answers: list[Sequence[str]]
    asked: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        if not self.answers:
            raise OSError("no such name")
        return self.answers.pop(0)


@dataclass(slots=True)
class Receiver:
    """An HTTP server on the loopback address that tells what it was called by."""

    port: int = 0
    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    called_by: list[str | None] = field(default_factory=list[str | None])
    heads: list[str] = field(default_factory=list[str])
    served: list[asyncio.Task[None]] = field(default_factory=list[asyncio.Task[None]])

    @asynccontextmanager
    async def up(self, tls: ssl.SSLContext | None = None) -> AsyncGenerator["Receiver"]:
        if tls is not None:
            tls.sni_callback = lambda _, name, __: self.called_by.append(name)
        server = await asyncio.start_server(self._begin, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self
        await asyncio.gather(*self.served)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.served.append(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
                writer.write(self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def got(url: str, allowance: OutboundAllowance, directory: ScriptedDirectory) -> int:
    async with outbound_client(allowance, timeout=timedelta(seconds=5), resolve=directory) as client:
        return (await client.get(url)).status_code


# ---------------------------------------------------------------- what is written


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "https:///path",
        "https://hooks.example:8443/",
        "https://hooks.example:22/",
        "https://hooks.example:0/",
        "https://user@hooks.example/",
        "https://user:password@hooks.example/",
        "https://@hooks.example/",
        "https://hooks.example\\@127.0.0.1/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://[64:ff9b::7f00:1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://localhost:99999/",
        "https://ho oks.example/",
        "https://hööks.example/",
        "https://hooks.example/\r\nX: y",
        f"https://hooks.example/{'a' * 2000}",
        "",
    ],
)
def test_an_address_that_must_not_be_called_is_known_by_what_is_written(url: str) -> None:
    with pytest.raises(ForbiddenAddressError) as told:
        check_url(url, NOTHING)

    assert "hooks" not in str(told.value)


@given(st.text(max_size=60), st.sampled_from(["", "https://", "http://", "https://[", "https://a@", "https://a:"]))
def test_whatever_is_written_is_taken_or_refused(rest: str, beginning_: str) -> None:
    try:
        check_url(beginning_ + rest, NOTHING)
    except ForbiddenAddressError:
        return
    assert beginning_.startswith("https://") or rest.lower().startswith("https://")


@pytest.mark.parametrize("url", ["https://hooks.example/a?b=c", "https://hooks.example:443/", "https://8.8.8.8/"])
def test_https_to_a_public_machine_is_good(url: str) -> None:
    check_url(url, NOTHING)


def test_an_allowance_names_ports_and_networks() -> None:
    allowance = OutboundAllowance(ports=(443, 8443), networks=("10.20.0.0/16",))

    check_url("https://hooks.example:8443/", allowance)
    check_url("https://10.20.3.4/", allowance)
    with pytest.raises(ForbiddenAddressError):
        check_url("https://10.21.0.1/", allowance)
    with pytest.raises(ForbiddenAddressError):
        check_url("https://127.0.0.1/", allowance)


def test_loopback_must_be_allowed_and_then_means_this_machine_only() -> None:
    allowance = OutboundAllowance(loopback=True)

    check_url("http://127.0.0.1:8123/", allowance)
    check_url("http://localhost:8123/", allowance)
    check_url("http://[::1]:8123/", allowance)
    for url in ("http://hooks.example/", "https://10.0.0.1/", "http://2130706433/", "https://hooks.example:99/"):
        with pytest.raises(ForbiddenAddressError):
            check_url(url, allowance)


# ---------------------------------------------------------------- what the directory says


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.5"],
        ["8.8.8.8", "192.168.0.1"],
        ["::ffff:10.0.0.1"],
        ["64:ff9b::a00:1"],
        ["2002:a00:1::1"],
        ["fd00::1"],
    ],
)
async def test_one_bad_address_of_a_name_is_enough(addresses: list[str]) -> None:
    directory = ScriptedDirectory(answers=[addresses])

    with pytest.raises(ForbiddenAddressError) as told:
        await got(f"https://{NAME}/", NOTHING, directory)

    assert not [address for address in addresses if address in str(told.value)]


async def test_a_name_is_resolved_once_for_a_call_and_anew_for_the_next() -> None:
    async with Receiver().up() as receiver:
        receiver.answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
        allowance = OutboundAllowance(loopback=True)
        url = f"http://localhost:{receiver.port}/"
        # A directory that rebinds: good when it is checked, bad a moment later.
        directory = ScriptedDirectory(answers=[["127.0.0.1"], ["10.0.0.5"]])

        assert await got(url, allowance, directory) == httpx.codes.NO_CONTENT
        assert directory.asked == [("localhost", receiver.port)]
        with pytest.raises(ForbiddenAddressError):
            await got(url, allowance, directory)


async def test_a_name_nobody_knows_is_an_outage() -> None:
    with pytest.raises(httpx.ConnectError):
        await got(f"https://{NAME}/", NOTHING, ScriptedDirectory(answers=[]))


async def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    async with Receiver().up() as receiver:
        directory = ScriptedDirectory(answers=[["127.0.0.9", "127.0.0.1"]])

        status = await got(f"http://localhost:{receiver.port}/", OutboundAllowance(loopback=True), directory)

    assert status == httpx.codes.NO_CONTENT


async def test_the_checked_address_is_called_by_its_name(tmp_path: Path) -> None:
    certificate = certificate_of(tmp_path, NAME)
    async with Receiver().up(certificate.context()) as receiver:
        allowance = OutboundAllowance(loopback=True, ports=(receiver.port,), ca_file=certificate.certificate)
        directory = ScriptedDirectory(answers=[["127.0.0.1"]])

        assert await got(f"https://{NAME}:{receiver.port}/", allowance, directory) == httpx.codes.NO_CONTENT

    assert receiver.called_by == [NAME]
    assert f"Host: {NAME}:{receiver.port}\r\n" in receiver.heads[0]


async def test_a_machine_that_cannot_prove_the_name_is_not_told_anything(tmp_path: Path) -> None:
    certificate = certificate_of(tmp_path, "elsewhere.example")
    async with Receiver().up(certificate.context()) as receiver:
        allowance = OutboundAllowance(loopback=True, ports=(receiver.port,), ca_file=certificate.certificate)

        with pytest.raises(httpx.ConnectError):
            await got(f"https://{NAME}:{receiver.port}/", allowance, ScriptedDirectory(answers=[["127.0.0.1"]]))

    assert receiver.heads == []


# ---------------------------------------------------------------- what comes back


async def test_a_redirect_is_an_answer_and_no_order() -> None:
    async with Receiver().up() as receiver:
        receiver.answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"

        status = await got(
            f"http://127.0.0.1:{receiver.port}/", OutboundAllowance(loopback=True), ScriptedDirectory(answers=[])
        )

    assert status == httpx.codes.FOUND


async def test_no_more_than_the_beginning_of_an_answer_is_read() -> None:
    async with Receiver().up() as receiver:
        receiver.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 300_000
        client = outbound_client(OutboundAllowance(loopback=True), timeout=timedelta(seconds=5))
        async with client, client.stream("GET", f"http://127.0.0.1:{receiver.port}/") as answer:
            assert await beginning(answer, 1000) == b"x" * 1000


def test_certificates_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match=r"missing\.pem"):
        outbound_client(
            OutboundAllowance(ca_file=Path("missing.pem")), timeout=timedelta(seconds=1), project_folder=tmp_path
        )
