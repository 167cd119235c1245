"""What an installation of the cloud-native services offers, and what only somebody who knows it can say."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec

from xconnector.connectors.exstream.cloud.address import address
from xconnector.connectors.exstream.cloud.by_hand import set_by_hand
from xconnector.connectors.exstream.cloud.client import Answer, CloudClient
from xconnector.connectors.exstream.cloud.descriptions import at_host_of, calls_of, context_of, missing_in, named_in
from xconnector.connectors.exstream.cloud.design_service import domains_in, other_domain
from xconnector.connectors.exstream.cloud.errors import Call
from xconnector.connectors.exstream.cloud.settings import CloudSettings
from xconnector.contract.designs import KeptDesign
from xconnector.contract.errors import ConnectorError, MisconfiguredError, TransientError
from xconnector.contract.probing import Found, Profile, Sighting

_DESIGN: Final = "Design"
_LARGEST: Final = 16 * 1024 * 1024
_ANSWERS: Final = frozenset(range(300, 600)) - {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}
"""Statuses to be looked at. The other two may only mean that the sign-in has ended, which is renewed then."""
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Service:
    """A service that the settings name, and what is called of it."""

    name: str
    url: str
    version_path: str | None
    calls: Sequence[tuple[str, str]]
    other_paths: Sequence[str] = ()
    """Read besides: they must be there."""
    domains_path: str | None = None
    """The one of them that tells domains."""


class Probe:
    """Looks at each service; nothing is composed, moved or edited."""

    def __init__(self, client: CloudClient, settings: CloudSettings) -> None:
        self._client = client
        self._settings = settings

    async def profile(self, designs: Callable[[], Awaitable[Sequence[KeptDesign]]]) -> Profile:
        """Return what was found; `designs` reads those of the project, and is not called where nobody would answer."""
        services = _services(self._settings)
        sightings = [await self._sign_in()]
        for service in services:
            sightings += await self._seen(service)
        sightings += self._left_out()
        unheard = _is_unheard([one for one in sightings if one.service == _DESIGN])
        return Profile(
            product="OpenText Exstream, cloud-native services",
            addresses={"OTDS": self._settings.sign_in.url} | {service.name: service.url for service in services},
            sightings=sightings,
            by_hand=set_by_hand(self._settings, () if unheard else await designs()),
        )

    async def _sign_in(self) -> Sighting:
        found, said = Found.AS_DOCUMENTED, f"preset {self._settings.sign_in.preset}"
        try:
            await self._client.sign_in()
        except ConnectorError as error:
            found, said = _of_error(error), str(error)
        return Sighting(service="OTDS", subject="sign-in", found=found, said=said, needed=True)

    async def _seen(self, service: _Service) -> list[Sighting]:
        sightings: list[Sighting] = []
        if service.version_path is not None:
            sightings.append(await self._version(service, service.version_path))
        for path in service.other_paths:
            if _is_unheard(sightings):
                # Each further look would only wait as long.
                break
            found, said, answer = await self._look(service, self._at(service, path))
            sightings.append(Sighting(service=service.name, subject=f"GET {path}", found=found, said=said, needed=True))
            if path == service.domains_path and answer is not None and found is Found.AS_DOCUMENTED:
                sightings += self._domain(answer)
        return sightings if _is_unheard(sightings) else [*sightings, *await self._description(service)]

    def _domain(self, answer: Answer) -> list[Sighting]:
        """Compare the domain that is set with those that the Design service tells."""
        design, there = self._settings.design, domains_in(answer.body)
        wanted = (design.domain if design is not None else None) or self._settings.orchestration.domain
        missing = other_domain(wanted, there)
        if not there:
            return []
        found = Found.AS_DOCUMENTED if missing is None else Found.MISSING
        return [Sighting(service=_DESIGN, subject=f"domain {wanted}", found=found, said=missing or "", needed=True)]

    async def _version(self, service: _Service, path: str) -> Sighting:
        found, said, answer = await self._look(service, self._at(service, path))
        if answer is not None and found is Found.AS_DOCUMENTED:
            version = _version_of(answer.body)
            found, said = (Found.DIFFERENT, "tells no version") if version is None else (found, version)
        return Sighting(service=service.name, subject="version", found=found, said=said, needed=True)

    async def _description(self, service: _Service) -> list[Sighting]:
        """Find the service's own description, and say of every call that we make whether it is in there."""
        for at in await self._description_places(service):
            _, _, answer = await self._look(service, at)
            calls = calls_of(answer.body) if answer is not None else None
            if calls is None:
                continue
            missing = missing_in(calls, service.calls)
            told = Sighting(
                service=service.name, subject="OpenAPI", found=Found.AS_DOCUMENTED, said=f"{len(calls)} calls at {at}"
            )
            return [told, *(_call_sighting(service.name, call, is_there=call not in missing) for call in service.calls)]
        said = "the service describes itself at none of the usual places: compare its calls by hand"
        return [Sighting(service=service.name, subject="OpenAPI", found=Found.MISSING, said=said)]

    async def _description_places(self, service: _Service) -> list[str]:
        context, probe = context_of(service.url), self._settings.probe
        _, _, script = await self._look(service, context + probe.swagger_start)
        named = named_in(script.body) if script is not None and script.status == HTTPStatus.OK else None
        usual = [context + path for path in probe.descriptions]
        return usual if named is None else [at_host_of(service.url, named), *usual]

    async def _look(self, service: _Service, at: str) -> tuple[Found, str, Answer | None]:
        call = Call(service=service.name, also=_ANSWERS, largest_answer=_LARGEST)
        try:
            answer = await self._client.ask("GET", at, call=call, headers={"Accept": "application/json, */*"})
        except ConnectorError as error:
            return _of_error(error), str(error), None
        return _of_status(answer.status), f"status {answer.status}", answer

    def _at(self, service: _Service, path: str) -> str:
        return address(service.url, path, domain=self._settings.orchestration.domain)

    def _left_out(self) -> list[Sighting]:
        """Say which services the settings do not name."""
        names = {_DESIGN: self._settings.design, "Empower": self._settings.empower}
        return [
            Sighting(
                service=name,
                subject="service",
                found=Found.NOT_ASKED,
                said=f"`{name.lower()}` does not stand in the connection",
            )
            for name, section in names.items()
            if section is None
        ]


def _is_unheard(sightings: Sequence[Sighting]) -> bool:
    return any(sighting.found is Found.UNREACHABLE for sighting in sightings)


def _services(settings: CloudSettings) -> list[_Service]:
    orchestration, design, empower = settings.orchestration, settings.design, settings.empower
    calls = [("POST", orchestration.generate_path), ("POST", orchestration.channel_path)]
    if settings.batch is not None:
        calls += [("POST", orchestration.batch_path), ("GET", orchestration.job_path)]
    if empower is not None:
        calls.append(("POST", orchestration.fulfill_path))
    services = [
        _Service(name="Orchestration", url=orchestration.url, version_path=orchestration.version_path, calls=calls)
    ]
    if design is not None:
        called = [("GET", design.resources_path), ("GET", design.links_path), ("GET", design.manifest_path)]
        services.append(
            _Service(
                name=_DESIGN,
                url=design.url,
                version_path=design.version_path,
                calls=[*called, ("PUT", design.state_path)],
                other_paths=[design.domains_path],
                domains_path=design.domains_path,
            )
        )
    if empower is not None:
        called = [("GET", empower.open_path), ("DELETE", empower.document_path), ("POST", empower.export_path)]
        others = [path for path in (empower.health_path, empower.token_path) if path is not None]
        services.append(
            _Service(
                name="Empower", url=empower.url, version_path=empower.version_path, calls=called, other_paths=others
            )
        )
    return services


def _call_sighting(service: str, call: tuple[str, str], *, is_there: bool) -> Sighting:
    method, path = call
    return Sighting(
        service=service,
        subject=f"{method} {path}",
        found=Found.AS_DOCUMENTED if is_there else Found.MISSING,
        said="" if is_there else "the service does not describe it",
        # What is not described may be there all the same: named channels are described nowhere.
        needed=False,
    )


def _of_status(status: int) -> Found:
    if HTTPStatus(200) <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Found.AS_DOCUMENTED
    if status == HTTPStatus.FORBIDDEN:
        return Found.REFUSED
    if status in _GONE:
        return Found.MISSING
    return Found.UNREACHABLE if status >= HTTPStatus.INTERNAL_SERVER_ERROR else Found.DIFFERENT


def _of_error(error: ConnectorError) -> Found:
    if isinstance(error, TransientError):
        return Found.UNREACHABLE
    return Found.REFUSED if isinstance(error, MisconfiguredError) else Found.DIFFERENT


def _version_of(body: bytes) -> str | None:
    """Return the version that a service tells, bare or in Empower's envelope; None where it tells none."""
    try:
        content = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    told = content.get("body") if isinstance(content.get("body"), dict) else content
    match told:
        case {"versionString": str(version)} | {"servicesVersion": str(version)} if version.strip():
            return version.strip()[:60]
        case {"major": str() | int() as major, "minor": str() | int() as minor}:
            return f"{major}.{minor}"[:60]
        case _:
            return None
