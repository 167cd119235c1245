"""The Design service's resources: communications, their sets and data sources, in versions with workflow states."""

import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from uuid import uuid4

from xconnector.sandbox.exstream.designs import HouseDesign, made_id

COMMUNICATION = "exstrapplication"
COMMUNICATION_SET = "exstrcommunicationset"
DATA_SOURCE = "exstrdatasource"
_MOST_KEPT = 5_000


class State(StrEnum):
    """The states of the workflow."""

    DRAFT = "DRAFT"
    REVIEW = "REVIEW"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


_MOVES: Mapping[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.REVIEW}),
    State.REVIEW: frozenset({State.APPROVED, State.REJECTED}),
    State.APPROVED: frozenset({State.DRAFT}),
    State.REJECTED: frozenset({State.DRAFT}),
}


class IllegalMoveError(Exception):
    """The workflow has no such move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceVersion:
    """One version of one resource."""

    resource_id: str
    kind: str
    name: str
    version: int = 1
    state: State = State.APPROVED
    comment: str = ""
    subtype: str = ""
    changed_by: str = "sandbox"
    changed_at: int = field(default_factory=lambda: int(time.time() * 1000))
    locked: bool = False
    links: tuple[str, ...] = ()
    """Ids of the resources that it uses."""

    def told(self) -> dict[str, Any]:
        """Return it as the service tells it."""
        return {
            "id": self.resource_id,
            "version": self.version,
            "name": self.name,
            "type": self.kind,
            "state": self.state.value,
            "stateComment": self.comment,
            "description": None,
            "createdBy": "sandbox",
            "createdDate": self.changed_at,
            "lastModifiedBy": self.changed_by,
            "lastModifiedDate": self.changed_at,
            "metadata": {"subtype": self.subtype} if self.subtype else None,
            "locked": self.locked,
        }


class Resources:
    """All resources of the domain, each with its versions; the latest is the last."""

    def __init__(self, designs: Iterable[HouseDesign]) -> None:
        self._versions: OrderedDict[str, list[ResourceVersion]] = OrderedDict()
        for design in designs:
            for resource in _resources_of(design):
                self._versions[resource.resource_id] = [resource]

    def latest(self, resource_id: str) -> ResourceVersion | None:
        versions = self._versions.get(resource_id.lower())
        return versions[-1] if versions else None

    def all(self, *, latest_only: bool) -> Sequence[ResourceVersion]:
        kept = list(self._versions.values())
        return [version for versions in kept for version in (versions[-1:] if latest_only else versions)]

    def linked_to(self, resource_id: str) -> Sequence[ResourceVersion]:
        """Return the resources that use another one."""
        return [one for one in self.all(latest_only=True) if resource_id.lower() in one.links]

    def named(self, name: str) -> ResourceVersion | None:
        return next((one for one in self.all(latest_only=True) if one.name == name), None)

    def add(self, name: str, kind: str, *, subtype: str = "", by: str) -> ResourceVersion:
        """Keep a new resource, which begins as a draft."""
        added = ResourceVersion(
            resource_id=str(uuid4()), kind=kind, name=name, state=State.DRAFT, subtype=subtype, changed_by=by
        )
        self._versions[added.resource_id] = [added]
        if len(self._versions) > _MOST_KEPT:
            self._versions.popitem(last=False)
        return added

    def add_version(self, resource: ResourceVersion, *, by: str) -> ResourceVersion:
        """Keep a new version of a resource, which begins as a draft."""
        return self._put(resource, state=State.DRAFT, version=resource.version + 1, by=by)

    def move(self, resource: ResourceVersion, state: State, *, comment: str, locked: bool, by: str) -> ResourceVersion:
        """Move the latest version of a resource to a state. Raises IllegalMoveError."""
        if state not in _MOVES[resource.state]:
            raise IllegalMoveError(f"{resource.state} does not lead to {state}")
        if resource.state is State.APPROVED:
            # What was approved stays as it is: a new version begins.
            return self._put(resource, state=state, version=resource.version + 1, by=by, comment=comment, locked=locked)
        return self._put(resource, state=state, version=resource.version, by=by, comment=comment, locked=locked)

    def set_state(self, resource: ResourceVersion, state: State) -> ResourceVersion:
        """Put the latest version into a state, whatever the workflow says."""
        return self._put(resource, state=state, version=resource.version, by="sandbox")

    def _put(
        self,
        resource: ResourceVersion,
        *,
        state: State,
        version: int,
        by: str,
        comment: str = "",
        locked: bool = False,
    ) -> ResourceVersion:
        now = int(time.time() * 1000)
        changed = replace(
            resource, state=state, version=version, comment=comment, locked=locked, changed_by=by, changed_at=now
        )
        versions = self._versions[resource.resource_id]
        if version == resource.version:
            versions[-1] = changed
        else:
            versions.append(changed)
        return changed


def set_id(design: HouseDesign) -> str:
    """Return the id of the communication set that a design belongs to."""
    return str(made_id("communication set", design.template))


def data_source_id(design: HouseDesign) -> str:
    return str(made_id("data source", design.template))


def _resources_of(design: HouseDesign) -> Iterable[ResourceVersion]:
    yield ResourceVersion(
        resource_id=design.communication, kind=COMMUNICATION, name=design.template, links=(set_id(design),)
    )
    yield ResourceVersion(
        resource_id=set_id(design),
        kind=COMMUNICATION_SET,
        name=f"{design.template} set",
        links=(data_source_id(design),),
    )
    yield ResourceVersion(resource_id=data_source_id(design), kind=DATA_SOURCE, name=design.data_source)
