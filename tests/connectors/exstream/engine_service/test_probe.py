"""What a probe finds out about Engine Web Services, also where little of it is there."""

from pathlib import Path

import pytest

from tests.connectors.exstream.engine_service.scripted_service import scripted_service
from tests.connectors.exstream.sandbox_program import running_exstream
from tests.connectors.exstream_engine_service.stand_in import service_settings
from xconnector.connectors.exstream.engine_service.composer import EngineServiceComposer
from xconnector.connectors.exstream.engine_service.settings import EngineServiceSettings
from xconnector.contract.manifest import Surroundings
from xconnector.contract.probing import Found, Probes, Profile

_TOKEN = {"user": "composer", "password": "nobody-may-see-it"}


async def _profile(tmp_path: Path, settings: dict[str, object]) -> Profile:
    composer = EngineServiceComposer(
        EngineServiceSettings.model_validate(settings), Surroundings(project_folder=tmp_path, state_folder=tmp_path)
    )
    assert isinstance(composer, Probes)
    async with composer:
        return await composer.probe()


def _found(profile: Profile) -> list[Found]:
    return [sighting.found for sighting in profile.sightings]


async def test_a_known_installation_is_as_it_is_described(tmp_path: Path) -> None:
    async with running_exstream(tmp_path, tmp_path / "output") as program:
        await program.misbehave(ews_token=True)
        profile = await _profile(tmp_path, service_settings(program))
        renamed = await _profile(tmp_path, {**service_settings(program), "service": "Other", "port": "OtherPort"})
        await program.misbehave(reject_credentials=True)
        refused = await _profile(tmp_path, service_settings(program))

    assert _found(profile) == [Found.AS_DOCUMENTED, Found.AS_DOCUMENTED]
    assert profile.by_hand
    assert _found(renamed) == [Found.DIFFERENT, Found.AS_DOCUMENTED]
    assert "'EngineService'" in renamed.sightings[0].said
    assert "'EngineServicePort'" in renamed.sightings[0].said
    assert _found(refused) == [Found.AS_DOCUMENTED, Found.REFUSED]


@pytest.mark.parametrize(
    "status, body, wsdl, account",
    [
        ("404 Not Found", b"", Found.MISSING, Found.REFUSED),
        ("401 Unauthorized", b"", Found.REFUSED, Found.REFUSED),
        ("503 Service Unavailable", b"", Found.DIFFERENT, Found.UNREACHABLE),
        ("299 Odd", b"", Found.DIFFERENT, Found.UNREACHABLE),
        ("200 OK", b"<html/>", Found.DIFFERENT, Found.AS_DOCUMENTED),
    ],
)
async def test_what_is_found_is_told_never_raised(
    tmp_path: Path, status: str, body: bytes, wsdl: Found, account: Found
) -> None:
    async with scripted_service() as service:
        service.says(body, status=status)
        profile = await _profile(tmp_path, {"url": service.url, "token": _TOKEN})

    assert _found(profile) == [wsdl, account]
    assert "nobody-may-see-it" not in repr(profile)


async def test_where_nobody_answers_nothing_is_reached(tmp_path: Path) -> None:
    async with scripted_service() as service:
        url = service.url
    profile = await _profile(tmp_path, {"url": url})

    assert _found(profile) == [Found.UNREACHABLE, Found.NOT_ASKED]
    assert profile.sightings[0].is_amiss
