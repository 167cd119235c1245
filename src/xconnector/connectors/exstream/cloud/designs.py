"""The project's designs: what feeds them, whether anything may be composed with them, and moving their state."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from xconnector.connectors.exstream.cloud.design_service import DesignService, Resource
from xconnector.connectors.exstream.cloud.design_settings import DesignSettings, Judged
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.contract.designs import DesignMove, KeptDesign
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError

_LONGEST_COMMENT: Final = 1000
_SHOWN_CHOICES: Final = 10


@dataclass(frozen=True, slots=True)
class _Catalog:
    """The state of each communication, by its id in lower case, as of a time."""

    read_at: float
    states: Mapping[str, Resource]


class Designs:
    """Knows the designs of a project by their templates."""

    def __init__(
        self, service: DesignService | None, settings: DesignSettings | None, designs: Mapping[str, ExstreamDesign]
    ) -> None:
        """Without a service nothing is asked: designs must say themselves what feeds them, and all are allowed."""
        self._service = service
        self._settings = settings
        self._designs = designs
        self._reading = asyncio.Lock()
        self._catalog: _Catalog | None = None
        self._sources: dict[str, tuple[float, str]] = {}
        self._finding: dict[str, asyncio.Lock] = {}

    # ---------------------------------------------------------------- composing

    async def allows(self, template: str, design: ExstreamDesign) -> None:
        """Return when the design is in the state that the connection requires, or none is required.

        Raises PermanentError, which names design and state, when it is not; else one of the four errors.
        """
        required = self._settings.require_state if self._settings is not None else None
        if required is None:
            return
        if design.communication is None:
            raise PermanentError(
                f"template {template!r}: its exstream.yaml names no `communication`, so that nobody can say whether it "
                f"is {required}; `design.require_state` of the connection wants that"
            )
        found = await self._state_of(design.communication, required)
        if found is None:
            raise PermanentError(f"template {template!r}: {self._unknown(design.communication)}")
        if found.state != required:
            raise PermanentError(
                f"design {found.name!r} is in {found.state}: {_remedy(required)} in Exstream, then reprocess"
            )

    async def data_source_of(self, template: str, design: ExstreamDesign) -> str:
        """Return the productive name of what feeds a design: as the project says, else as the Design service does.

        Raises MisconfiguredError with the choices where there are several; else one of the four errors.
        """
        if design.data_source is not None:
            return design.data_source
        if design.communication is None or self._service is None or self._settings is None:
            raise MisconfiguredError(
                f"template {template!r}: give `data_source` in its exstream.yaml, or `communication` there and "
                "`design` in the connection, so that the Design service is asked"
            )
        key = str(design.communication)
        async with self._finding.setdefault(key, asyncio.Lock()):
            known = self._sources.get(key)
            if known is None or self._is_old(known[0], self._settings):
                source = await _found_source(self._service, self._settings, template, key)
                known = self._sources[key] = (time.monotonic(), source)
        return known[1]

    # ---------------------------------------------------------------- asked by people

    async def designs(self, *, state: str | None) -> Sequence[KeptDesign]:
        """Return the designs of the domain, or those in one state, by name; those of the project with what feeds them.

        Raises one of the four errors.
        """
        service, _ = self._asked()
        found = await service.communications(states=[state] if state is not None else ())
        by_id = {resource.id.lower(): resource for resource in found}
        kept = [await self._kept(resource) for resource in found]
        if state is None:
            kept += [
                self._missing(template, design.communication)
                for template, design in self._designs.items()
                if design.communication is not None and str(design.communication) not in by_id
            ]
        return sorted(kept, key=lambda one: (one.name.casefold(), one.design))

    async def of_project(self) -> Sequence[KeptDesign]:
        """Return the project's own designs with what feeds them; what cannot be found out is a problem of theirs."""
        return [await self._own(template, design) for template, design in sorted(self._designs.items())]

    async def move_design(self, design: str, target: str, *, comment: str, person: str) -> DesignMove:
        """Move a design, named by id, template or name, and keep comment and person in its audit.

        Raises PermanentError before anything is moved when the workflow has no such move; else one of the four.
        """
        service, settings = self._asked()
        found = await self._named(design)
        legal = settings.moves.get(found.state, ())
        if target not in legal:
            raise PermanentError(
                f"design {found.name!r} is in {found.state}, from where it can be moved to "
                f"{' or '.join(legal) or 'no other state'}, not to {target}"
            )
        moved = await service.move(found.id, target, comment=f"{comment[:_LONGEST_COMMENT]} ({person}, by xConnector)")
        self._catalog = None
        if moved is not None and moved.state and moved.state != target:
            raise PermanentError(
                f"the Design service answers that {found.name!r} is in {moved.state}, not in {target}: look at its "
                "workflow in Exstream"
            )
        return DesignMove(design=found.id, name=found.name, origin=found.state, target=target)

    # ---------------------------------------------------------------- states

    async def _state_of(self, communication: UUID, required: str) -> Resource | None:
        """Return the design as it was read a while ago, or as it is now where it was not in the required state then."""
        asked_at = time.monotonic()
        found = self._remembered(communication)
        if found is not None and found.state == required:
            return found
        async with self._reading:
            found = self._remembered(communication)
            if found is not None and found.state == required:
                return found
            # Whoever waited for another's reading need not read again what is newer than the question.
            if self._catalog is None or self._catalog.read_at < asked_at:
                self._catalog = await self._read_catalog(required)
            return self._catalog.states.get(str(communication))

    def _remembered(self, communication: UUID) -> Resource | None:
        _, settings = self._asked()
        if self._catalog is None or self._is_old(self._catalog.read_at, settings):
            return None
        return self._catalog.states.get(str(communication))

    async def _read_catalog(self, required: str) -> _Catalog:
        service, settings = self._asked()
        read_at = time.monotonic()
        states = {one.id.lower(): one for one in await service.communications()}
        if settings.require_state_of is Judged.ANY:
            # Also what is not the latest version any more.
            states |= {one.id.lower(): one for one in await service.communications(states=[required], latest=False)}
        return _Catalog(read_at, states)

    def _is_old(self, read_at: float, settings: DesignSettings) -> bool:
        return time.monotonic() - read_at > settings.cache.total_seconds()

    # ---------------------------------------------------------------- finding designs

    def _asked(self) -> tuple[DesignService, DesignSettings]:
        if self._service is None or self._settings is None:
            raise MisconfiguredError("the connection does not say where the Design service is: give `design: {url: …}`")
        return self._service, self._settings

    async def _named(self, words: str) -> Resource:
        service, _ = self._asked()
        own = self._designs.get(words)
        wanted = str(own.communication).lower() if own is not None and own.communication is not None else words.lower()
        every = await service.communications()
        found = [one for one in every if one.id.lower() == wanted] or [one for one in every if one.name == words]
        if not found:
            raise PermanentError(
                f"domain {service.domain!r} has no design with the id, name or template {words!r}; "
                "`xconnector connections designs` lists them"
            )
        if len(found) > 1:
            raise PermanentError(f"{len(found)} designs are called {words!r}; give the id of one of them")
        return found[0]

    async def _kept(self, resource: Resource) -> KeptDesign:
        templates = self._templates_of(resource.id)
        source: str | None = None
        problem: str | None = None
        if templates:
            try:
                source = await self.data_source_of(templates[0], self._designs[templates[0]])
                await self.allows(templates[0], self._designs[templates[0]])
            except ConnectorError as wrong:
                problem = str(wrong)
        return KeptDesign(
            design=resource.id,
            name=resource.name,
            state=resource.state,
            version=resource.spelled_version,
            templates=templates,
            data_source=source,
            problem=problem,
        )

    async def _own(self, template: str, design: ExstreamDesign) -> KeptDesign:
        source: str | None = None
        problem: str | None = None
        try:
            source = design.on_demand_channel or await self.data_source_of(template, design)
        except ConnectorError as wrong:
            problem = str(wrong)
        return KeptDesign(
            design=str(design.communication or ""),
            name="",
            state="",
            version="",
            templates=(template,),
            data_source=source,
            problem=problem,
        )

    def _templates_of(self, resource: str) -> tuple[str, ...]:
        wanted = resource.lower()
        return tuple(sorted(name for name, own in self._designs.items() if str(own.communication) == wanted))

    def _missing(self, template: str, communication: UUID) -> KeptDesign:
        return KeptDesign(
            design=str(communication),
            name="",
            state="",
            version="",
            templates=(template,),
            problem=self._unknown(communication),
        )

    def _unknown(self, communication: UUID) -> str:
        service, _ = self._asked()
        return f"domain {service.domain!r} has no communication {str(communication)!r}: correct it, or the domain"


async def _found_source(service: DesignService, settings: DesignSettings, template: str, communication: str) -> str:
    """Follow the links of a communication to its sets, and their manifests to the data source. It must be one."""
    sets = await service.sets_of(communication)
    if not sets:
        raise MisconfiguredError(
            f"template {template!r}: communication {communication!r} belongs to no communication set in domain "
            f"{service.domain!r}: add it to one in Exstream, or give `data_source` in its exstream.yaml"
        )
    found: dict[str, None] = {}
    for one in sets:
        for source in await service.data_sources(one):
            if source.prod_dsn and (not settings.data_source_types or source.type in settings.data_source_types):
                found[source.prod_dsn] = None
    if len(found) == 1:
        return next(iter(found))
    choices = ", ".join(repr(name) for name in list(found)[:_SHOWN_CHOICES])
    raise MisconfiguredError(
        f"template {template!r}: give `data_source` in its exstream.yaml; "
        + (f"the Design service names {len(found)}: {choices}" if found else "the Design service names none")
    )


def _remedy(required: str) -> str:
    return "approve it" if required == "APPROVED" else f"move it to {required}"
