"""Connections: proving that the outside can be reached and will take what we send."""

from dataclasses import dataclass
from datetime import datetime

from xconnector.contract.errors import ConnectorError
from xconnector.domain.provider_choice import Health
from xconnector.postgres.connect import Pool, reading
from xconnector.project.model import Project
from xconnector.project.open_connections import Connections
from xconnector.store import provider_health


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderState:
    """How one of several providers of a channel does."""

    channel: str
    provider: str
    state: str
    """`well`, `left alone`, `tried with one piece`, or `comes back`."""
    good: int
    slow: int
    failed: int
    tried_again_at: datetime | None
    because: str | None
    """Why it was left alone the last time."""


async def provider_states(project: Project, pool: Pool) -> list[ProviderState]:
    """Return how the providers do of each channel that has several, in the order in which they are wanted."""
    groups = {
        name: (name, *row.further_providers) for name, row in project.connections.items() if row.further_providers
    }
    async with reading(pool) as connection:
        known = await provider_health.known(connection, sorted({one for group in groups.values() for one in group}))
    return [_state(channel, one, known.get(one, Health())) for channel, group in groups.items() for one in group]


def _state(channel: str, provider: str, health: Health) -> ProviderState:
    if health.away_until is not None:
        state = "tried with one piece" if health.probing else "left alone"
    else:
        state = "well" if health.proven is None else "comes back"
    return ProviderState(
        channel=channel,
        provider=provider,
        state=state,
        good=health.counted.good,
        slow=health.counted.slow,
        failed=health.counted.failed,
        tried_again_at=health.away_until,
        because=health.because,
    )
