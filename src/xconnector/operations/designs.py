"""Designs: what a composer keeps outside, who approved it there, and moving it on."""

from collections.abc import Mapping, Sequence

from xconnector.contract.designs import DesignMove, KeepsDesigns, KeptDesign
from xconnector.project.model import Person
from xconnector.project.open_connections import Connections


class DesignError(Exception):
    """It cannot be asked, or not be done; the message says why and what to do."""


async def list_designs(connections: Connections, name: str, *, state: str | None) -> Sequence[KeptDesign]:
    """Return the designs of a connection, or those in one state.

    Raises DesignError, or one of the four contract errors.
    """
    return await (await _keeper(connections, name)).designs(state=state)


async def move_design(
    connections: Connections,
    people: Mapping[str, Person],
    name: str,
    design: str,
    *,
    target: str,
    comment: str,
    person: str,
) -> DesignMove:
    """Move a design of a connection to another state; who did it and why is kept there.

    Raises DesignError, or one of the four contract errors: PermanentError when its workflow has no such move.
    """
    if person not in people:
        raise DesignError(f"{person!r} is not among `people` in xconnector.yaml")
    if not comment.strip():
        raise DesignError("say why with --comment; it is kept with the design")
    keeper = await _keeper(connections, name)
    return await keeper.move_design(design, target.upper(), comment=comment.strip(), person=person)


async def _keeper(connections: Connections, name: str) -> KeepsDesigns:
    opened = await connections.opened(name) if name in connections.names else None
    if not isinstance(opened, KeepsDesigns):
        able = connections.names_of(lambda one: isinstance(one, KeepsDesigns))
        raise DesignError(
            f"{name!r} is no connection that keeps designs outside; the project has: {', '.join(able) or 'none'}"
        )
    return opened
