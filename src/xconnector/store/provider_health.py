"""What was measured of providers that stand in for one another: the same for all workers of all hosts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from xconnector.domain.provider_choice import Health, Tally
from xconnector.postgres.connect import Connection
from xconnector.postgres.queries import Queries
from xconnector.store.rows import fetch_all

_QUERIES = Queries.load("xconnector.store", "provider_health.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    connection: str
    good: int
    slow: int
    failed: int
    counted_from: datetime | None
    away_until: datetime | None
    probing: bool
    times_away: int
    proven: int | None
    because: str | None

    def health(self) -> Health:
        return Health(
            counted=Tally(good=self.good, slow=self.slow, failed=self.failed),
            counted_from=self.counted_from,
            away_until=self.away_until,
            probing=self.probing,
            times_away=self.times_away,
            proven=self.proven,
            because=self.because,
        )


async def hold(connection: Connection, providers: Sequence[str]) -> dict[str, Health]:
    """Return what is known of providers, by connection; nobody else changes it until the transaction ends."""
    await connection.execute(_QUERIES.begin, {"connections": list(providers)})
    rows = await fetch_all(connection, _Row, _QUERIES.hold, connections=list(providers))
    return {row.connection: row.health() for row in rows}


async def known(connection: Connection, providers: Sequence[str]) -> dict[str, Health]:
    """Return what is known of providers, by connection; nothing of one that was never measured."""
    rows = await fetch_all(connection, _Row, _QUERIES.known, connections=list(providers))
    return {row.connection: row.health() for row in rows}


async def keep(connection: Connection, provider: str, health: Health) -> None:
    """Keep what is known of a provider that is held."""
    await connection.execute(
        _QUERIES.keep,
        {
            "connection": provider,
            "good": health.counted.good,
            "slow": health.counted.slow,
            "failed": health.counted.failed,
            "counted_from": health.counted_from,
            "away_until": health.away_until,
            "probing": health.probing,
            "times_away": health.times_away,
            "proven": health.proven,
            "because": health.because,
        },
    )
