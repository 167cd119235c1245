"""Settings of a query that is asked again and again."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from xconnector.contract.settings import ConnectorSettings, Duration

_LONGEST_QUERY = 100_000


class SqlQuerySettings(ConnectorSettings):
    """A SELECT on a PostgreSQL database, read in transactions that cannot write."""

    database: SecretStr
    """Address of the database, such as `${CRM_DATABASE}` with `postgresql://reader:…@db.example/crm?sslmode=verify-full`.
    Give it a user that may read what the query reads, and nothing else."""
    query: Annotated[str, Field(min_length=1, max_length=_LONGEST_QUERY)]
    """One SELECT without `ORDER BY` and `LIMIT`; its columns are the fields of the records."""
    cursor: Annotated[str, Field(min_length=1)]
    """The column that grows with every change of a row, such as `updated_at`, or a number."""
    key: Annotated[tuple[str, ...], Field(min_length=1)]
    """The columns that together name a row."""
    overlap: Annotated[Duration, Field(ge=timedelta(0))] = timedelta(minutes=5)
    """How far each round reaches back where the cursor is a time, such as 5m: as long as the clocks and transactions of
    those who write may make a row appear behind rows that are later. Transactions that were seen to write are waited
    for, however long they take."""
    overlap_numbers: Annotated[int, Field(ge=0)] = 1000
    """How far each round reaches back where the cursor is a number."""
    timeout: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(hours=1))] = timedelta(seconds=20)
    """Longest time of one statement; the database ends it then. Keep `limits.timeout` longer."""

    @field_validator("query")
    @classmethod
    def _one_select(cls, query: str) -> str:
        query = query.strip().rstrip(";").rstrip()
        if not query.lower().startswith(("select", "with", "table")):
            raise ValueError("write one SELECT")
        return query
