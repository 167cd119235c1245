"""Which table of survivorship decided at a moment."""

from datetime import datetime

from xconnector.domain.golden import Survivorship
from xconnector.postgres.connect import Connection
from xconnector.project.survivorship_versions import read_kept
from xconnector.store import survivorship_versions


async def survivorship_then(connection: Connection, today: Survivorship, known_at: datetime | None) -> Survivorship:
    """Return the table by which golden records were made at a moment; today's where no moment is asked.

    Of a moment before anything was decided it is the first that ever decided, and where none did, today's.
    """
    kept = None if known_at is None else await survivorship_versions.known_at(connection, known_at)
    return today if kept is None else read_kept(kept)
