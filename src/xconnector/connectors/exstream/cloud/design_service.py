"""The Design service (DAS), as the SDK calls it: domains, resources, links, manifests, workflow states (S1)."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from xconnector.connectors.exstream.cloud.address import address
from xconnector.connectors.exstream.cloud.client import Answer, CloudClient
from xconnector.connectors.exstream.cloud.design_settings import DesignSettings
from xconnector.connectors.exstream.cloud.errors import Call, strange_answer
from xconnector.contract.errors import MisconfiguredError, TransientError

_SERVICE: Final = "Design"
_JSON: Final = "application/json"
_FEW_DOMAINS: Final = 10
_LARGEST_PAGE: Final = 16 * 1024 * 1024

T = TypeVar("T")


class Domain(msgspec.Struct, frozen=True):
    """One domain, as the service tells it. What else it says of one is of no type that is published."""

    id: str


class Resource(msgspec.Struct, frozen=True):
    """The version of one resource; times, people and descriptions are left unread."""

    id: str
    name: str = ""
    state: str = ""
    type: str = ""
    version: int | str | None = None

    @property
    def spelled_version(self) -> str:
        return "" if self.version is None else str(self.version)


class DataSource(msgspec.Struct, frozen=True, rename="camel"):
    """A data source of a manifest."""

    name: str | None = None
    prod_dsn: str | None = None
    type: str | None = None


class _Page(msgspec.Struct, rename="camel"):
    total_pages: int | None = None


class _Resources(msgspec.Struct):
    data: list[Resource] = []
    page: _Page | None = None


class _Domains(msgspec.Struct):
    data: list[Domain] = []


class _Link(msgspec.Struct, rename="camel"):
    link_object_id: str


class _Links(msgspec.Struct):
    data: list[_Link] = []


class _Manifest(msgspec.Struct):
    dsnlist: list[DataSource] | None = None


class _Moved(msgspec.Struct):
    data: Resource | None = None


def domains_in(body: bytes) -> Sequence[str]:
    """Return the ids of the domains that an answer tells, or none where it is of another shape."""
    try:
        return [domain.id for domain in msgspec.json.decode(body, type=_Domains).data]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []


def other_domain(wanted: str, there: Sequence[str]) -> str | None:
    """Say that a domain is not among those that are there, with a few of them; None where it is, or none is told."""
    if wanted in there or not there:
        return None
    more = ", and more" if len(there) > _FEW_DOMAINS else ""
    return f"the Design service has no domain {wanted!r}, but {', '.join(sorted(there)[:_FEW_DOMAINS])}{more}"


class DesignService:
    """What the service is asked; each call raises one of the four errors."""

    def __init__(self, client: CloudClient, settings: DesignSettings, *, domain: str) -> None:
        self._client = client
        self._settings = settings
        self.domain = settings.domain or domain

    async def domains(self) -> Sequence[Domain]:
        """Return the domains that the account sees."""
        return (await self._read(self._settings.domains_path, _Domains)).data

    async def prove_domain(self) -> None:
        """Prove that the account sees the domain that is set. Raises one of the four errors."""
        there = [domain.id for domain in await self.domains()]
        if (said := other_domain(self.domain, there)) is not None:
            raise MisconfiguredError(f"{said}: correct `domain`")

    async def communications(self, *, states: Sequence[str] = (), latest: bool = True) -> Sequence[Resource]:
        """Return the communications of the domain, each once; of all states where none are named."""
        found: dict[str, Resource] = {}
        params = [("filter.types", ",".join(self._settings.communication_types))]
        params += [("filter.states", ",".join(states))] if states else []
        params += [("filter.latestVersion", "true" if latest else "false")]
        async for resource in self._resources(params):
            found.setdefault(resource.id.lower(), resource)
        return list(found.values())

    async def sets_of(self, communication: str) -> Sequence[str]:
        """Return the ids of the communication sets that a communication belongs to, each once."""
        params = [
            ("linkSubjectId", communication),
            ("linkDepth", str(self._settings.link_depth)),
            ("filter.types", ",".join(self._settings.set_types)),
        ]
        found = await self._read(self._settings.links_path, _Links, params=params)
        return list(dict.fromkeys(link.link_object_id for link in found.data))

    async def data_sources(self, communication_set: str) -> Sequence[DataSource]:
        """Return the data sources that the manifest of a communication set names."""
        found = await self._read(self._settings.manifest_path, _Manifest, set=communication_set)
        return found.dsnlist or []

    async def move(self, design: str, state: str, *, comment: str) -> Resource | None:
        """Move a design to a state, and return it as it is afterwards where the service says so.

        Raises OutcomeUnknownError when the answer is lost.
        """
        at = self._at(self._settings.state_path, design=design)
        body = msgspec.json.encode({"state": state, "auditedComment": comment, "locked": self._settings.lock})
        headers = {"Accept": _JSON, "Content-Type": _JSON}
        call = self._call({"design": design}, repeatable=False)
        answer = await self._client.ask("PUT", at, call=call, headers=headers, content=body)
        return _decoded(answer, _Moved, call, at).data if answer.body.strip() else None

    async def _resources(self, params: Sequence[tuple[str, str]]) -> AsyncIterator[Resource]:
        """Yield resources page by page: `offset` is the number of the page, from 0."""
        size = self._settings.page_size
        for number in range(self._settings.most_pages):
            paging = [("count", str(size)), ("offset", str(number))]
            found = await self._read(self._settings.resources_path, _Resources, params=[*params, *paging])
            for resource in found.data:
                yield resource
            pages = found.page.total_pages if found.page is not None else None
            if not found.data or (number + 1 >= pages if pages is not None else len(found.data) < size):
                return
        raise TransientError(
            f"{_SERVICE}: the list of designs has more than {self._settings.most_pages} pages: raise `page_size` or "
            "`most_pages` of `design`"
        )

    async def _read(self, path: str, kind: type[T], *, params: Sequence[tuple[str, str]] = (), **places: str) -> T:
        at = self._at(path, **places)
        call = self._call(places)
        answer = await self._client.ask("GET", at, call=call, params=params, headers={"Accept": _JSON})
        return _decoded(answer, kind, call, at)

    def _at(self, path: str, **places: str) -> str:
        return address(self._settings.url, path, domain=self.domain, **places)

    def _call(self, places: Mapping[str, str], *, repeatable: bool = True) -> Call:
        return Call(
            service=_SERVICE,
            repeatable=repeatable,
            places={"domain": self.domain, **places},
            largest_answer=_LARGEST_PAGE,
        )


def _decoded(answer: Answer, kind: type[T], call: Call, at: str) -> T:
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise strange_answer(call, at) from None
