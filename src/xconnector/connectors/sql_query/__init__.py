"""Asks a PostgreSQL database for rows that are new or changed."""

from xconnector.connectors.sql_query.settings import SqlQuerySettings
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.contract.pull_source import PullSource


def _pull_source(settings: SqlQuerySettings, _surroundings: Surroundings) -> PullSource:
    from xconnector.connectors.sql_query.source import SqlQuery

    return SqlQuery(settings)


MANIFEST = Manifest(
    name="sql_query",
    summary="Asks a PostgreSQL database for rows that are new or changed, by a SELECT with a column that only grows.",
    settings=SqlQuerySettings,
    stability=Stability.STABLE,
    pull_source=_pull_source,
)
