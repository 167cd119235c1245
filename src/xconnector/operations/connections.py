"""Connections: proving that the outside can be reached and will take what we send."""

from dataclasses import dataclass

from xconnector.contract.errors import ConnectorError
from xconnector.project.model import Project
from xconnector.project.open_connections import Connections


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the check of one connection said."""

    name: str
    connector: str
    problem: str | None
    """What is wrong and what to do; None when all is well."""


async def check_connections(project: Project, connections: Connections) -> list[Checked]:
    """Check every connection of the project, one after the other."""
    checked: list[Checked] = []
    for name, row in project.connections.items():
        problem: str | None = None
        try:
            await (await connections.opened(name)).check()
        except ConnectorError as error:
            problem = str(error)
        checked.append(Checked(name=name, connector=row.connector, problem=problem))
    return checked
