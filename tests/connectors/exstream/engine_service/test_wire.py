"""Whatever answers, or does not: each has a meaning, and tells neither password nor content."""

import gzip
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from tests.connectors.exstream.engine_service.answers import (
    compose_response,
    engine_exception,
    fault,
    file_element,
    outputs,
)
from tests.connectors.exstream.engine_service.scripted_service import ScriptedService, scripted_service
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.engine_service.composer import EngineServiceComposer
from xconnector.connectors.exstream.engine_service.settings import EngineServiceSettings
from xconnector.contract.composer import Composition
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.domain.document import RenditionKind
from xconnector.testing.orders import sample_order

_SMS = frozenset({RenditionKind.SMS})
_ORDER = sample_order(template="policy_issued", kinds=_SMS)
_TOKEN = {"user": "composer", "password": "nobody-may-see-it"}


@pytest_asyncio.fixture
async def service() -> AsyncGenerator[ScriptedService]:
    async with scripted_service() as service:
        yield service


def composer_at(service: ScriptedService, tmp_path: Path, **settings: object) -> EngineServiceComposer:
    design = ExstreamDesign.model_validate({"package": "App.pub", "outputs": outputs(sms=None)})
    return EngineServiceComposer(
        EngineServiceSettings.model_validate({"url": service.url, "token": _TOKEN, "timeout": 5, **settings}),
        Surroundings(project_folder=tmp_path, state_folder=tmp_path, designs={"policy_issued": design}),
    )


async def _result(service: ScriptedService, tmp_path: Path, **settings: object) -> Composition | ConnectorError:
    async with composer_at(service, tmp_path, **settings) as composer:
        (result,) = await composer.compose([_ORDER])
    if isinstance(result, ConnectorError):
        told = f"{result!r} {result.__cause__!r} {result.__context__!r}"
        assert [word for word in ("nobody-may-see-it", "Jördis", "KUNDE-00001", "P-2026") if word in told] == []
    return result


async def test_what_comes_back_becomes_a_rendition(service: ScriptedService, tmp_path: Path) -> None:
    service.says(compose_response(file_element("a.txt", b"Hallo", returnCode=0)))

    result = await _result(service, tmp_path)

    assert isinstance(result, Composition)
    assert result.renditions[0].content == b"Hallo"
    assert result.engine == "Exstream Engine Web Services, package App.pub"


async def test_a_report_that_stays_on_the_server_does_not_matter(service: ScriptedService, tmp_path: Path) -> None:
    (tmp_path / "mounted").mkdir()
    service.says(compose_response(file_element("Report.dat", None) + file_element("a.txt", b"Hallo", returnCode=0)))

    for folder in (None, {"mounted": "mounted"}):
        result = await _result(service, tmp_path, output_folder=folder, output_file={"name": "{id}.txt"})
        assert isinstance(result, Composition)


async def test_a_request_names_its_action(service: ScriptedService, tmp_path: Path) -> None:
    service.says(compose_response(file_element("a.txt")))

    await _result(service, tmp_path, soap_action="urn:compose")

    assert b'\r\nsoapaction: "urn:compose"\r\n' in service.requests[0].lower()
    assert b"\r\naccept-encoding: identity\r\n" in service.requests[0].lower()


@pytest.mark.parametrize(
    "status, expected",
    [
        ("401 Unauthorized", MisconfiguredError),
        ("403 Forbidden", MisconfiguredError),
        ("404 Not Found", MisconfiguredError),
        ("302 Found", MisconfiguredError),
        ("415 Unsupported Media Type", MisconfiguredError),
        ("413 Content Too Large", PermanentError),
        ("400 Bad Request", PermanentError),
        ("429 Too Many Requests", TransientError),
        ("500 Internal Server Error", TransientError),
        ("503 Service Unavailable", TransientError),
        ("204 No Content", TransientError),
    ],
)
async def test_statuses_have_a_meaning(
    service: ScriptedService, tmp_path: Path, status: str, expected: type[ConnectorError]
) -> None:
    service.says(b"<p>Kundin J\xc3\xb6rdis</p>", status=status, media_type="text/html", Location="http://127.0.0.1:1/")

    assert type(await _result(service, tmp_path)) is expected


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "500 Internal Server Error"])
async def test_a_fault_counts_before_the_status(service: ScriptedService, tmp_path: Path, status: str) -> None:
    service.says(fault("Server", "Jördis", engine_exception("KUNDE-00001 timed out")), status=status)

    assert type(await _result(service, tmp_path)) is TransientError


async def test_a_service_says_when_to_come_again(service: ScriptedService, tmp_path: Path) -> None:
    service.says(b"", status="503 Service Unavailable", Retry_After="17")

    result = await _result(service, tmp_path)

    assert isinstance(result, TransientError)
    assert result.retry_after == timedelta(seconds=17)


@pytest.mark.parametrize(
    "body, media_type, expected",
    [
        (b"<html>sign in</html>", "text/html", MisconfiguredError),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "text/xml", PermanentError),
        (b"<a>" * 1000 + b"</a>" * 1000, "text/xml", PermanentError),
        (compose_response(file_element("a.txt"))[:-20], "text/xml", TransientError),
        (b"--b\r\n\r\n<a/>", 'multipart/related; boundary="b"', TransientError),
        (compose_response("<files><fileOutput>Kundin!</fileOutput></files>"), "text/xml", PermanentError),
        (compose_response("<statusMessage>12 for Jördis</statusMessage>"), "text/xml", PermanentError),
        (compose_response(file_element("Jördis.txt", None)), "text/xml", PermanentError),
        (compose_response(file_element("Jördis.pdf")), "text/xml", PermanentError),
    ],
)
async def test_answers_that_hold_no_document_have_a_meaning(
    service: ScriptedService, tmp_path: Path, body: bytes, media_type: str, expected: type[ConnectorError]
) -> None:
    service.says(body, media_type=media_type)

    assert type(await _result(service, tmp_path)) is expected


async def test_an_answer_beyond_every_bound_is_refused(service: ScriptedService, tmp_path: Path) -> None:
    service.says(compose_response(file_element("a.txt", b"x" * 5000)))

    result = await _result(service, tmp_path, largest_answer="4KiB")

    assert isinstance(result, PermanentError)
    assert "`largest_answer`" in str(result)


async def test_a_compressed_answer_is_not_unpacked(service: ScriptedService, tmp_path: Path) -> None:
    service.says(gzip.compress(compose_response(file_element("a.txt"))), Content_Encoding="gzip")

    assert isinstance(await _result(service, tmp_path), MisconfiguredError)


async def test_a_lost_answer_is_transient(service: ScriptedService, tmp_path: Path) -> None:
    assert type(await _result(service, tmp_path)) is TransientError


async def test_a_late_answer_is_transient(service: ScriptedService, tmp_path: Path) -> None:
    service.slow = 2

    result = await _result(service, tmp_path, timeout="200ms")

    assert type(result) is TransientError
    assert "in time" in str(result)


async def test_where_nobody_answers_only_the_first_calls_wait(service: ScriptedService, tmp_path: Path) -> None:
    port = service.port
    async with scripted_service() as gone:
        service.port = gone.port
    async with composer_at(service, tmp_path, parallel=1) as composer:
        results = await composer.compose([replace(_ORDER)] * 50)
    service.port = port

    assert {type(result) for result in results} == {TransientError}
    assert len({id(result) for result in results}) == 1


@pytest.mark.parametrize("ca_file", ["there-is-none.pem", "."])
async def test_certificates_that_cannot_be_read_are_misconfigured(
    service: ScriptedService, tmp_path: Path, ca_file: str
) -> None:
    assert isinstance(await _result(service, tmp_path, ca_file=ca_file), MisconfiguredError)
    async with composer_at(service, tmp_path, ca_file=ca_file) as composer:
        with pytest.raises(MisconfiguredError, match="ca_file"):
            await composer.check()


async def test_a_stamped_request_is_never_the_same(service: ScriptedService, tmp_path: Path) -> None:
    service.says(compose_response(file_element("a.txt")))

    async with composer_at(service, tmp_path, token={**_TOKEN, "stamped": True}) as composer:
        await composer.compose([_ORDER, _ORDER])

    nonces = {request.split(b"Nonce")[1] for request in service.requests}
    assert len(nonces) == 2


@pytest.mark.parametrize(
    "body, status, expected",
    [
        (b"<html>welcome</html>", "200 OK", MisconfiguredError),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "200 OK", MisconfiguredError),
        (b"", "404 Not Found", MisconfiguredError),
        (b"", "400 Bad Request", MisconfiguredError),
        (b"", "503 Service Unavailable", TransientError),
        (b"x" * (4 * 1024 * 1024 + 1), "200 OK", MisconfiguredError),
    ],
)
async def test_check_tells_what_stands_in_the_place_of_the_wsdl(
    service: ScriptedService, tmp_path: Path, body: bytes, status: str, expected: type[ConnectorError]
) -> None:
    service.says(body, status=status)

    async with composer_at(service, tmp_path) as composer:
        with pytest.raises(expected):
            await composer.check()
