"""Tables as people name them: a file, or a kept version as `name@sha256`."""

from pathlib import Path
from typing import TYPE_CHECKING

from xconnector.entrypoints.cli.running import with_store

if TYPE_CHECKING:
    from xconnector.domain.decision.table import DecisionTable


def is_version(said: str) -> bool:
    """Say whether a name means a kept version; a file that is there is a file, whatever its name."""
    return "@" in said and not Path(said).exists()


def kept_version(said: str, folder: Path) -> "DecisionTable":
    """Return the table that is kept under `name@sha256` in the database of the project in a folder."""
    from xconnector.operations.table_history import kept_table

    name, _, digits = said.partition("@")
    return with_store(folder, lambda pool: kept_table(pool, name, digits))
